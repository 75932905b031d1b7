// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// The explanation of a waiting run names the runs of its Task that it waits for, and no run of another Task.
func TestCase47ExplanationNamesNoRunsOfOtherTasks(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"), fixture.Task("foreign"))
	waits := fixture.Execution("waits", "sync", v1alpha1.PhaseQueued)
	waits.UID, waits.Status.Reason = "waits", v1alpha1.ReasonConcurrencyLimit
	waits.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByTask, Position: 1}
	store.add(waits)
	store.add(fixture.Execution("before", "sync", v1alpha1.PhaseRunning, 60))
	store.add(fixture.Execution("of-somebody-else", "foreign", v1alpha1.PhaseRunning, 60))
	w := call(t, facade(store), "GET", "/tasks/executions/waits/explain", "")
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "before") || strings.Contains(body, "of-somebody-else") {
		t.Errorf("%d %s", w.Code, body)
	}
}
