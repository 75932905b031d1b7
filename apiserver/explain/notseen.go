package explain

import (
	"fmt"
	"time"
)

// seenWithin is how soon a controller that works has looked at a new run.
const seenWithin = 15 * time.Second

// notSeen says that the controller has not looked at the run.
func notSeen(o *Observation) (verdict, bool) {
	if o.Execution.Status.Phase != "" {
		return verdict{}, false
	}
	age := o.Now.Sub(o.Execution.CreationTimestamp.Time)
	v := verdict{ReasonNotSeen, "It was just recorded, and the controller has not looked at it yet.", ""}
	if age > seenWithin {
		v.sentence = fmt.Sprintf("It was recorded %s ago, and the controller has not looked at it yet.", forPeople(age))
		v.advice = "Look whether the controller runs and works in this namespace: kubectl -n taskexec-system get pods."
	}
	return v, true
}
