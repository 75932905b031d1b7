package explain

import (
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestNotSeen(t *testing.T) {
	just := func(o *observed) { o.Execution.CreationTimestamp = ago(time.Second) }
	ask(t, notSeen, map[string]asked{
		"seen":          {run(v1alpha1.PhasePending, "", ""), silent},
		"just recorded": {run("", "", "").with(just), says{ReasonNotSeen, "just recorded", ""}},
		"a minute old":  {run("", "", ""), says{ReasonNotSeen, "recorded 1m0s ago", "the controller runs"}},
	})
}
