package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Observation is all that a decision about one execution is made of.
type Observation struct {
	Now       time.Time
	Options   Options
	Execution *v1alpha1.TaskExecution
	// Task that the execution names, nil when there is none.
	Task *v1alpha1.Task
	// Job of this execution, proven by its owner reference, nil when there is none. That there is none was
	// asked of the API server and not of a cache, once the execution has been acted on.
	Job *batchv1.Job
	// Start is what became of the Plan's Create.
	Start StartResult
	// Pods of the Job, oldest first.
	Pods []*corev1.Pod
	// Log is how far the log was read.
	Log LogState
	// Mirrored is the tail that status has. It is only there when Log cannot be read again in full.
	Mirrored []v1alpha1.LogEntry
}

// Options are the operator's settings that decisions depend on.
type Options struct {
	// StartTimeout for an execution whose Task does not exist, and so names none.
	StartTimeout time.Duration
	// Language of the lifecycle entries in the log.
	Language Language
}

// LogState is what the follower knows of an execution's log.
type LogState struct {
	// Tail is the newest lines, oldest first, within the run's budget.
	Tail []v1alpha1.LogEntry
	// Lines and Bytes read, and how many of those lines are no longer in Tail.
	Lines, Bytes, Dropped int64
	// Drained: all that the containers printed was read.
	Drained bool
	// GaveUp is the reason for which the rest of the log is not waited for any more, empty while it is.
	GaveUp string
	// Streams is how many runs of the container were found, over all attempts.
	Streams int
	// Waited is for how long the containers are known to have ended.
	Waited time.Duration
	// Due: the tail should be written to status now.
	Due bool
}

// Settled tells that waiting would not make the log more complete.
func (l LogState) Settled() bool { return l.Drained || l.GaveUp != "" }

// StartResult is what became of an attempt to create the Job.
type StartResult struct {
	Outcome StartOutcome
	// Message of the API server.
	Message string
}

// StartOutcome is how the API server answered the creation of a Job.
type StartOutcome string

const (
	// StartNotTried: no Job was to be created, or it was and Observation.Job has it.
	StartNotTried StartOutcome = ""
	// StartRefused for now: quota, an admission policy, a namespace that is going away.
	StartRefused StartOutcome = "Refused"
	// StartInvalid: no such Job can ever be created.
	StartInvalid StartOutcome = "Invalid"
	// StartConflict: a Job that is not ours has the name.
	StartConflict StartOutcome = "Conflict"
)

// Plan is what is to be done, and what is to be reported.
type Plan struct {
	// Status to report. Nil logs leave the mirrored tail as it is.
	Status v1alpha1.TaskExecutionStatus
	// Create this Job, then observe its outcome and decide again.
	Create *batchv1.Job
	// End these pods: see package comment.
	End []*corev1.Pod
	// EndReason is written on the pods that End names.
	EndReason string
	// DeleteJob and its pods.
	DeleteJob bool
	// Requeue after this long, zero when only an event can change the decision.
	Requeue time.Duration
}
