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

// The archive's volume takes nothing from amid a run until after its end: the run ends all the same, and its log is whole
// as soon as the volume is back.
func TestCase17ArchiveThatIsAwayAtTheEnd(t *testing.T) {
	const lines = 400
	archive := filepath.Join(nodeFolder(t), "archive")
	id := execute(t, given(t, taskOf(steadily(lines, 8*time.Second, 80)+"true\n")), nil)
	printing(t, id, 50)
	if err := os.Chmod(archive, 0); err != nil { // of the two programs' user
		t.Fatal(err)
	}
	back := func() {
		if err := os.Chmod(archive, 0o750); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(back)
	eventually(t, "the run has ended", func() (bool, string) {
		e := resource(t, id)
		return e.Status.Phase.IsTerminal(), text(e.Status)
	})
	e := resource(t, id)
	if c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured); e.Status.Phase != v1alpha1.PhaseCompleted ||
		c.Reason != v1alpha1.ReasonLogsArchiving || e.Status.LogSummary.Complete {
		t.Errorf("without its archive, it ended as %s, %s", e.Status.Phase, text(c))
	}
	back()
	got, complete := wholeOrSaid(t, id, lines)
	if e := resource(t, id); !complete || !e.Status.LogSummary.Archived {
		t.Errorf("%d lines, %s", len(got.numbers), text(e.Status.LogSummary))
	}
}
