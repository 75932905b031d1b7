package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/queue"
	"github.com/taskexec/taskexec/controllers/room"
)

// Observation is all that a decision about one execution is made of.
type Observation struct {
	Now       time.Time
	Options   Options
	Execution *v1alpha1.TaskExecution
	// Trimmed: Execution is from a cache that keeps no params, labels and annotations. It is enough for all but building
	// the Job.
	Trimmed bool
	// Task that the execution names, nil when there is none, or the Job says all of it.
	Task *v1alpha1.Task
	// Origin is the word on what the execution states of its origin, empty where it states nothing, that is recorded, or it
	// is not known.
	Origin v1alpha1.Origin
	// Job of this execution, proven by its owner reference and its seal, nil when there is none. That there is none was
	// asked of the API server and not of a cache, once the execution has been acted on.
	Job *batchv1.Job
	// Place in the queue, nil as long as the Job that Create asks for was not asked a turn for. It is asked
	// before the Job is created.
	Place *queue.Place
	// NoRoom is why the execution may not wait, nil when it may, or that was not asked. It is asked when the first
	// decision about an execution is that it waits.
	NoRoom *room.Full
	// Secret of the sensitive params, read from the API server, nil when there is none, it was not needed or it could
	// not be read; SecretTrouble is why it could not.
	Secret        *corev1.Secret
	SecretTrouble string
	// Redact knows the values of the sensitive params, nil when they are not known.
	Redact *redact.Redactor
	// Start is what became of the Plan's Create.
	Start StartResult
	// Pods of the Job, oldest first.
	Pods []*corev1.Pod
	// PodsRefused is why the Job controller cannot make the pod that is missing, such as a quota; empty when it
	// was not asked, or nothing is known.
	PodsRefused string
	// PodsRefusedSince is when the pod that is missing was first refused, zero where PodsRefused is empty.
	PodsRefusedSince time.Time
	// PodTrouble is what the Events of the newest pod say of why its containers are not created, such as a volume that
	// cannot be mounted; empty when they were not read (AsksWhy), or nothing is known.
	PodTrouble string
	// KilledFor is for which probe or hook of the template the kubelet killed the container whose end decided the run's,
	// empty when its Events were not read (AsksWhoKilled), or it killed none.
	KilledFor string
	// Log is how far the log was read.
	Log LogState
	// Mirrored is the tail that status has. It is only there when Log cannot be read again in full.
	Mirrored []v1alpha1.LogEntry
}

// Options are the operator's settings that decisions depend on.
type Options struct {
	// StartTimeout for an execution whose Task does not exist, and so names none.
	StartTimeout time.Duration
	// ImagePullGrace is how long an image may fail to be pulled.
	ImagePullGrace time.Duration
	// Language of the lifecycle entries in the log.
	Language Language
	// KeepJob is for how long the Job and the pods of a run stay after its whole log was archived, and
	// KeepUnarchivedJob where it was not: then the pod is the only place that has it. Zero
	// means as long as the execution.
	KeepJob, KeepUnarchivedJob time.Duration
}

// LogState is what the follower knows of an execution's log.
type LogState struct {
	// Tail is the newest lines, oldest first, within the run's budget.
	Tail []v1alpha1.LogEntry
	// Lines and Bytes read, and how many of those lines are no longer in Tail.
	Lines, Bytes, Dropped int64
	// Read: the containers' logs were read to their end, with gaps or without.
	Read bool
	// Drained: all that the containers printed was read and, where there is an archive, archived.
	Drained bool
	// Archived: there is an archive, and it has all that was read.
	Archived bool
	// GaveUp is the reason for which the rest of the log is not waited for any more, empty while it is, and
	// Missing says for people what is missing.
	GaveUp, Missing string
	// Attempts is of how many attempts a log was found: pods, and starts of the task's container in place.
	Attempts int
	// Waited is for how long the containers are known to have ended.
	Waited time.Duration
	// Due: the tail should be written to status now.
	Due bool
}

// Settled reports that waiting would not make the log more complete.
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
	// Create this Job when it is its turn, then observe the outcome and decide again.
	Create *batchv1.Job
	// Turn asks for the execution's turn before its Job is built: it is to be read whole once it has it.
	AskPlace bool
	// End these pods: see package comment.
	End []*corev1.Pod
	// EndReason is written on the pods that End names.
	EndReason string
	// Replace are executions to be cancelled in favour of this one.
	Replace []types.NamespacedName
	// DeleteJob and its pods.
	DeleteJob bool
	// Requeue after this long, zero when only an event can change the decision.
	Requeue time.Duration
}
