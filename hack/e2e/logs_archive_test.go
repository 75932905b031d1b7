// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The archive's volume rejects writes from the middle of a run until after its end. The run ends on time, and its log
// is complete once the volume accepts writes again.
func TestCase17ArchiveThatIsAwayAtTheEnd(t *testing.T) {
	const lines, over = 400, 30 * time.Second
	archive := filepath.Join(nodeFolder(t), "archive")
	id := execute(t, given(t, taskOf(steadily(lines, over, 80)+"true\n")), nil)
	printing(t, id, 50)
	if err := os.Chmod(archive, 0); err != nil { // the folder belongs to the user of the two programs
		t.Fatal(err)
	}
	back := func() {
		if err := os.Chmod(archive, 0o750); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(back)
	eventually(t, "the run has ended, and its log waits for the archive", func() (bool, string) {
		e := resource(t, id)
		c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
		return e.Status.Phase.IsTerminal() && c != nil && c.Reason == v1alpha1.ReasonLogsArchiving, text(e.Status)
	})
	if e := resource(t, id); e.Status.Phase != v1alpha1.PhaseCompleted || e.Status.LogSummary.Complete {
		t.Errorf("without its archive, it ended as %s, %s", e.Status.Phase, text(e.Status.LogSummary))
	}
	back()
	got, complete := wholeOrSaid(t, id, lines)
	if e := resource(t, id); !complete || !e.Status.LogSummary.Archived {
		t.Errorf("%d lines, %s", len(got.numbers), text(e.Status.LogSummary))
	}
}
