package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestRefused(t *testing.T) {
	cases := map[string]asked{
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, ""), silent},
		"it waits for it": {run(v1alpha1.PhasePending, v1alpha1.ReasonSecretNotFound, "x"), silent},
	}
	for reason, advice := range refusals {
		cases[reason] = asked{run(v1alpha1.PhaseFailed, reason, "words of the controller"), says{reason, "before anything was started: words of the controller.", advice}}
	}
	ask(t, refused, cases)
}
