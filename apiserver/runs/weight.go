package runs

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
)

const (
	// MaxListBytes of the executions in one answer, as weightOf counts them. An answer has at least one execution. The 200
	// runs that a Task keeps by default have 4 MiB with the tails of their logs.
	MaxListBytes = 16 << 20
	// fixedWeight of an execution is that of all fields whose size nobody chooses.
	fixedWeight = 1 << 10
	// entryWeight is that of a log entry without its message and data.
	entryWeight = 80
)

// weightOf an execution in a list, about its bytes as JSON. It costs far less than to encode it.
func weightOf(e *v1alpha1.TaskExecution, withLogs bool) int {
	weight := fixedWeight + len(e.Status.Message)
	if e.Spec.Params != nil {
		weight += len(e.Spec.Params.Raw)
	}
	if e.Status.Result != nil {
		weight += len(e.Status.Result.Raw)
	}
	if withLogs {
		for i := range e.Status.Logs {
			weight += entryWeight + len(e.Status.Logs[i].Message)
			if data := e.Status.Logs[i].Data; data != nil {
				weight += len(data.Raw)
			}
		}
	}
	return weight
}

// weightOfAll executions, counted no further than MaxListBytes.
func weightOfAll(executions []*v1alpha1.TaskExecution, withLogs bool) (weight int) {
	for _, e := range executions {
		if weight += weightOf(e, withLogs); weight > MaxListBytes {
			break
		}
	}
	return weight
}
