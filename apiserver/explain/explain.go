// Package explain says why a run does not run, why it failed, or how it ended: in one sentence, with what to do about
// it and the facts that it is judged by. It is pure: what was observed goes in, an explanation comes out.
//
// The rules are asked in their order, and the first that decides has the word; each stands in a file of its own.
package explain

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// Bounds of an explanation, in bytes of text.
const (
	maxSentence = 800
	maxAdvice   = 600
)

// Observation is all that an explanation is made of. What could not be read is missing from it and stands in Unread.
type Observation struct {
	Now       time.Time
	Execution *v1alpha1.TaskExecution
	// Task that the execution names, nil when there is none.
	Task *v1alpha1.Task
	// Others are the runs of the same Task that have not ended, newest first.
	Others []*v1alpha1.TaskExecution
	// Job of the execution, nil when there is none.
	Job *batchv1.Job
	// Pods of the Job that are still there, oldest first.
	Pods []corev1.Pod
	// Events of the Job and its pods, newest first.
	Events []corev1.Event
	Unread []Unread
}

// Unread is what could not be read: a part of the explanation may be missing.
type Unread struct {
	// What it is of, one of Job, Pods and Events.
	What Source
	// Why it could not be read, in words that end a sentence.
	Why string
}

// Explanation answers "why".
type Explanation struct {
	// Reason is one of a bounded set: v1alpha1's reasons, and those of this package.
	Reason string
	// Sentence says why.
	Sentence string
	// Advice says what to do about it, empty when there is nothing to do.
	Advice string
	Facts  []Fact
}

// Reasons that stand in no status, because only a live look at the pods tells them.
const (
	// ReasonNotSeen: the controller has not looked at the run yet.
	ReasonNotSeen = "NotSeen"
	// ReasonPodsRefused: the Job cannot make its pod, for example for quota.
	ReasonPodsRefused = "PodsRefused"
	// ReasonUnschedulable: no node takes the pod.
	ReasonUnschedulable = "Unschedulable"
	// ReasonVolumesNotReady: a volume of the pod cannot be mounted.
	ReasonVolumesNotReady = "VolumesNotReady"
	// ReasonContainerNotCreated: the node cannot create or start a container of the pod.
	ReasonContainerNotCreated = "ContainerNotCreated"
	// ReasonRestarting: a container that failed waits to be started again in its pod.
	ReasonRestarting = "Restarting"
	// ReasonStarting: a node has the pod and is about to start it.
	ReasonStarting = "Starting"
)

// verdict is a rule's word.
type verdict struct{ reason, sentence, advice string }

// rule decides, or leaves it to the next one.
type rule func(*Observation) (verdict, bool)

// rules in the order in which they are asked.
var rules = []rule{
	cancelled, // who cancelled a run need not be told what it waited for
	completed,

	// How a run failed stands in its status; the rules know what it means, and look for more.
	outOfMemory,
	exitCode,
	startFailed,
	templateLimit, // before disrupted: nothing but the Task's own limit ended it
	imagePullFailed,
	disrupted,
	overdue,
	refused,
	jobLost,
	failed, // all other failures

	// A run that has not ended. First what keeps the Job from being there, then the pod, then its containers.
	notSeen,
	queued,
	heldJob,
	noJob,
	podsRefused,
	unschedulable,
	imageUnpulled,
	volumes,
	notCreated,
	restarting,
	containerWaiting,
	retrying, // after what keeps the next attempt from starting
	starting,
	running,
}

// Of explains a run.
func Of(o Observation) Explanation {
	v := verdict{}
	for _, r := range rules {
		if decision, decided := r(&o); decided {
			v = decision
			break
		}
	}
	if v == (verdict{}) {
		v = asItSays(&o)
	}
	return Explanation{
		Reason:   v.reason,
		Sentence: parse.Harmless(v.sentence, maxSentence),
		Advice:   parse.Harmless(v.advice, maxAdvice),
		Facts:    factsOf(&o),
	}
}

// asItSays repeats the status of a run of which no rule knows more.
func asItSays(o *Observation) verdict {
	status := &o.Execution.Status
	return verdict{status.Reason, "Its phase is " + string(status.Phase) + because(status.Message) + ".", ""}
}

// hasFailed tells whether a run failed for one of some reasons.
func (o *Observation) hasFailed(reasons ...string) bool {
	if o.Execution.Status.Phase != v1alpha1.PhaseFailed {
		return false
	}
	for _, reason := range reasons {
		if o.Execution.Status.Reason == reason {
			return true
		}
	}
	return len(reasons) == 0
}

func (o *Observation) ended() bool { return o.Execution.Status.Phase.IsTerminal() }

// unread tells whether something of that kind could not be read.
func (o *Observation) unread(what Source) bool {
	for _, u := range o.Unread {
		if u.What == what {
			return true
		}
	}
	return false
}
