package explain

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestJobLost(t *testing.T) {
	ask(t, jobLost, map[string]asked{
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, ""), silent},
		"lost":            {run(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost, `job "x" was deleted before it ended`), says{v1alpha1.ReasonJobLost, `somebody deleted its Job: job "x"`, "cancel runs instead"}},
	})
}
