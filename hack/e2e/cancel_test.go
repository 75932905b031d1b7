// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"
)

// A receipt says who cancelled the run and why, and whether the program ended by itself or was killed.
func TestCancelReceipts(t *testing.T) {
	t.Parallel()
	obedient := given(t, patientTaskOf(`trap 'echo stopping; exit 143' TERM; echo begun; sleep 300 & wait`))
	stubborn := taskOf(`trap '' TERM; echo begun; while true; do sleep 1; done`)
	stubborn.Spec.JobTemplate.Spec.Template.Spec.TerminationGracePeriodSeconds = ptr.To[int64](2)
	ids := map[string]string{"graceful": execute(t, obedient, nil), "forced": execute(t, given(t, stubborn), nil)}
	for _, id := range ids {
		printed(t, id, "begun")
	}
	count := ask[struct {
		Count  int
		DryRun bool
	}](t, "DELETE", "/tasks/executions/cancel/all?dryRun=true", nil)
	if !count.DryRun || count.Count < len(ids) {
		t.Errorf("a dry run counts %+v", count)
	}
	for outcome, id := range ids {
		if e := status(t, id); e.Status != "running" {
			t.Fatalf("after a dry run: %s", text(e))
		}
		ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}, "reason": "想要 " + outcome})
		ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}, "reason": "again"})
	}
	for outcome, id := range ids {
		eventually(t, "the run is Cancelled", func() (bool, string) { e := status(t, id); return e.Phase == "Cancelled", text(e) })
		got := status(t, id).Cancellation
		if got == nil || got.Outcome != outcome || got.RequestedBy != callerName || got.Reason != "想要 "+outcome ||
			got.AcknowledgedAt == nil || got.EndedAt == nil || got.EndedAt.Before(*got.AcknowledgedAt) {
			t.Errorf("%s: receipt %s, status %s", outcome, text(got), kubectl(t, "", "get", "te", id, "-o", "jsonpath={.status}"))
		}
		if seen := kubectl(t, "", "get", "te", id, "-o", "jsonpath={.status.cancellation.outcome}"); !strings.EqualFold(seen, outcome) {
			t.Errorf("kubectl reads %q, REST %q", seen, outcome)
		}
	}
}
