// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package diagnosis says in one sentence why a run does not run, why it failed, or how it ended. With it come advice on
// what to do, and the facts. It is pure: an Observation goes in, a Finding comes out.
//
// The rules are asked in order, and the first one that applies decides. The rules about one subject are in one file:
// queue.go, job.go, image.go and so on. facts.go collects the facts.
package diagnosis

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Bounds of an explanation, in bytes of text.
const (
	maxSentence = 800
	maxAdvice   = 600
)

// Observation is the input of an explanation. What could not be read is missing, and Unread lists it.
type Observation struct {
	Now       time.Time
	Execution *v1alpha1.TaskExecution
	// Task that the execution names, nil if there is none.
	Task *v1alpha1.Task
	// Census counts the runs of the same Task, if the run is queued.
	Census census.Census
	// Job of the execution, nil if there is none.
	Job *batchv1.Job
	// Pods of the Job that still exist, oldest first.
	Pods []corev1.Pod
	// Events of the Job and its pods, newest first.
	Events []corev1.Event
	Unread []Unread
}

// Unread names objects that could not be read. Their facts are missing from the explanation.
type Unread struct {
	// What they are: FromJob, FromPod or FromEvent.
	What Source
	// Why they could not be read: UnreadForbidden, UnreadLate, UnreadUnreachable or UnreadFailed.
	Why phrases.Text
}

// Finding says why a run is in its state.
type Finding struct {
	// Reason is one of a bounded set: the reasons of v1alpha1 and those of this package.
	Reason string
	// Sentence says why, for people.
	Sentence phrases.Text
	// Advice says what to do. It says nothing if there is nothing to do.
	Advice phrases.Text
	Facts  []Fact
}

// SentenceIn returns the sentence in a language, of at most maxSentence bytes and without control characters.
func (f Finding) SentenceIn(l phrases.Language) string {
	return parse.Harmless(f.Sentence.In(l), maxSentence)
}

// AdviceIn returns the advice in a language, of at most maxAdvice bytes and without control characters.
func (f Finding) AdviceIn(l phrases.Language) string {
	return parse.Harmless(f.Advice.In(l), maxAdvice)
}

// Reasons that no status has. Only a live read of the Job and its pods shows them.
const (
	// ReasonNotSeen: the controller has not processed the run yet.
	ReasonNotSeen = "NotSeen"
	// ReasonPodsRefused: the Job cannot create its pod, for example because a quota is used up.
	ReasonPodsRefused = "PodsRefused"
	// ReasonUnschedulable: the pod cannot be scheduled.
	ReasonUnschedulable = "Unschedulable"
	// ReasonVolumesNotReady: a volume of the pod cannot be mounted.
	ReasonVolumesNotReady = "VolumesNotReady"
	// ReasonContainerNotCreated: the node cannot create or start a container of the pod.
	ReasonContainerNotCreated = "ContainerNotCreated"
	// ReasonRestarting: a container failed and waits to be restarted in its pod.
	ReasonRestarting = "Restarting"
	// ReasonStarting: the run is about to start, and nothing is known to be wrong.
	ReasonStarting = "Starting"
)

// verdict is what a rule decides.
type verdict struct {
	reason           string
	sentence, advice phrases.Text
}

// rule returns its verdict, or false if it does not apply.
type rule func(*Observation) (verdict, bool)

// rules are asked in this order. Each reads only the Observation. If two rules apply, the first has the better answer.
var rules = []rule{
	// Runs that did not fail, or that somebody cancelled. They come first: what such a run waited for no longer matters.
	cancelled,
	completed,

	// Runs that failed. The reason in the status selects the rule. No two rules accept the same reason, except the
	// last.
	outOfMemory,
	exitCode,
	startFailed,
	templateLimit,
	imagePullFailed,
	disrupted,
	overdue,
	refused,
	jobLost,
	failed, // last of the failures: it takes every reason that no rule above knows

	// Runs that have not ended, from the outside in: the controller, the queue, the Job, the pod, its containers. As
	// long as an outer layer is missing, the inner ones cannot exist.
	notSeen, // first: without a status there is nothing to judge
	queued,
	heldJob,
	noJob,
	podsRefused,      // the Job is there and has no pod
	unschedulable,    // the pod is there and has no node
	imageUnpulled,    // before volumes: the state of a container is current, and an Event about a volume may be old
	volumes,          // before notCreated: the node mounts volumes before it creates containers
	notCreated,       // before restarting: a container that was never created has not run
	restarting,       // the container ran in this pod and failed
	containerWaiting, // after the rules that read the pod: it only repeats the status
	retrying,         // after whatever keeps the next attempt from starting
	starting,         // nothing is known to be wrong
	running,
}

// Of explains a run.
func Of(o Observation) Finding {
	v := judge(&o)
	return Finding{Reason: v.reason, Sentence: v.sentence, Advice: v.advice, Facts: factsOf(&o)}
}

// judge returns the verdict of the first rule that applies.
func judge(o *Observation) verdict {
	for _, r := range rules {
		if v, decided := r(o); decided {
			return v
		}
	}
	return fromStatus(o)
}

// fromStatus repeats the status, for a run to which no rule applies.
func fromStatus(o *Observation) verdict {
	status := &o.Execution.Status
	return verdict{status.Reason, sayPhase.With(status.Phase, because(status.Message)), none}
}

// hasFailed reports whether the run failed for one of the reasons, or without reasons, whether it failed at all.
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

// unread reports whether objects of that kind could not be read.
func (o *Observation) unread(what Source) bool {
	for _, u := range o.Unread {
		if u.What == what {
			return true
		}
	}
	return false
}
