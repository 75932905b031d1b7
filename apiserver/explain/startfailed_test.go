package explain

import (
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase26ExplainKnowsTheCommandWhenThePodIsGone(t *testing.T) {
	const reason = v1alpha1.ReasonContainerNotStarted
	gone := run(v1alpha1.PhaseFailed, reason, `container "main" could not be started: exec: "no-such": executable file not found in $PATH`).exit(128)
	ask(t, startFailed, map[string]asked{
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "").exit(128), silent},
		"the pod is gone": {gone, says{reason, `before its program ran: container "main" could not be started: exec: "no-such": executable file not found in $PATH.`, "in the image"}},
	})
	if got := Of(gone.Observation); got.Reason != reason || !strings.Contains(got.Sentence, "no-such") {
		t.Errorf("got %+v", got)
	}
}
