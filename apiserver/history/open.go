package history

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/room"
)

// Open counts executions that have not ended.
type Open struct {
	// Active are all of them, and Queued those in the phase Queued.
	Active, Queued int
	// Waiting are those that have no Job yet and that nobody has cancelled.
	Waiting room.Held
}

// openOf counts one execution.
func openOf(e *v1alpha1.TaskExecution) (o Open) {
	if e.Status.Phase.IsTerminal() {
		return Open{}
	}
	o.Active = 1
	if e.Status.Phase == v1alpha1.PhaseQueued {
		o.Queued = 1
	}
	if e.Status.Job == nil && e.Spec.Cancel == nil {
		o.Waiting = room.Held{Runs: 1, Bytes: e.Size}
	}
	return o
}

func (o Open) plus(other Open, sign int) Open {
	return Open{
		Active: o.Active + sign*other.Active, Queued: o.Queued + sign*other.Queued,
		Waiting: room.Held{Runs: o.Waiting.Runs + sign*other.Waiting.Runs, Bytes: o.Waiting.Bytes + int64(sign)*other.Waiting.Bytes},
	}
}

// count an entry as it is now instead of as it was counted before.
func (s *shelf) count(e *entry, now Open) {
	s.open = s.open.plus(e.open, -1).plus(now, 1)
	of := s.openOf[e.task].plus(e.open, -1).plus(now, 1)
	if s.openOf[e.task] = of; of == (Open{}) {
		delete(s.openOf, e.task)
	}
	e.open = now
}

// Open counts the executions of a task and of the whole namespace. It takes the same time however many there are.
func (n Namespace) Open(task string) (of, all Open) {
	n.read(func(s *shelf) { of, all = s.openOf[task], s.open })
	return of, all
}
