// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/queue"
)

// Observation is all that a decision about one execution needs.
type Observation struct {
	Now       time.Time
	Options   Options
	Execution *v1alpha1.TaskExecution
	// Trimmed: Execution is from a cache that keeps no params, labels and annotations. That is enough for all but building the Job.
	Trimmed bool
	// Task that the execution names, nil if there is none, or if the Job says all that is needed of it.
	Task *v1alpha1.Task
	// Origin is the verdict on what the execution states of its origin. It is empty if the execution states nothing, the verdict is
	// recorded already, or it is not known.
	Origin v1alpha1.Origin
	// Job of this execution, proven by its owner reference and its seal, nil if there is none. Once the execution has been
	// acted on, the API server and not a cache says that there is none.
	Job *batchv1.Job
	// Place is the queue's answer, nil if it was not asked. It is asked before the Job is created.
	Place *queue.Place
	// NoRoom is why the execution may not wait, nil if it may, or if that was not asked. It is asked when the first decision
	// about an execution is that it waits.
	NoRoom *backlog.Full
	// Secret of the sensitive params, read from the API server. It is nil if there is none, or if it was not needed or could
	// not be read; SecretTrouble is why it could not.
	Secret        *corev1.Secret
	SecretTrouble string
	// Redact knows the values of the sensitive params, nil if they are not known.
	Redact *redact.Redactor
	// Start is the API server's answer to the Plan's Create.
	Start StartResult
	// Pods of the Job, oldest first.
	Pods []*corev1.Pod
	// PodsRefused is why the Job controller cannot make the pod that is missing, such as a quota; empty if the Events were not
	// read, or say nothing.
	PodsRefused string
	// PodsRefusedSince is when the pod that is missing was first refused, zero if PodsRefused is empty.
	PodsRefusedSince time.Time
	// PodTrouble is why the containers of the newest pod are not created, by its Events, such as a volume that cannot be
	// mounted; empty if they were not read (AsksWhy), or say nothing.
	PodTrouble string
	// KilledFor is the probe or hook for which the kubelet killed the container that decided the end; empty if its Events were
	// not read (AsksWhoKilled), or if the kubelet killed none.
	KilledFor string
	// Log is how far the log was read.
	Log LogState
	// Mirrored is the tail in the status. It is set only if Log cannot be read again in full.
	Mirrored []v1alpha1.LogEntry
}

// Options are the operator's settings that decisions depend on.
type Options struct {
	// StartTimeout of an execution whose Task does not exist.
	StartTimeout time.Duration
	// ImagePullGrace is how long an image may fail to be pulled.
	ImagePullGrace time.Duration
	// Language of the lifecycle entries in the log.
	Language Language
	// KeepJob is how long the Job and the pods of a run stay after its whole log was archived. KeepUnarchivedJob is the same if
	// it was not: then only the pod has it. Zero means as long as the execution.
	KeepJob, KeepUnarchivedJob time.Duration
}

// LogState is what the follower knows of an execution's log.
type LogState struct {
	// Tail is the newest lines, oldest first, within the run's budget.
	Tail []v1alpha1.LogEntry
	// Lines and Bytes read, and how many of those lines are no longer in Tail.
	Lines, Bytes, Dropped int64
	// Read: the containers' logs were read to their end, with or without gaps.
	Read bool
	// Drained: all that the containers printed was read and, if there is an archive, archived.
	Drained bool
	// Archived: there is an archive, and it has all that was read.
	Archived bool
	// GaveUp is why the rest of the log is not waited for any more, empty while it is. Missing says for people what is missing.
	GaveUp, Missing string
	// Attempts is how many attempts have a log: pods, and restarts of the task's container in place.
	Attempts int
	// Waited is how long ago the containers are known to have ended.
	Waited time.Duration
	// Due: the tail is to be written to the status now.
	Due bool
}

// Settled reports whether waiting would not make the log more complete.
func (l LogState) Settled() bool { return l.Drained || l.GaveUp != "" }

// StartResult is the result of an attempt to create the Job.
type StartResult struct {
	Outcome StartOutcome
	// Message of the API server.
	Message string
}

// StartOutcome is how the API server answered the creation of a Job.
type StartOutcome string

const (
	// StartNotTried: no Job was to be created, or it was created and is Observation.Job.
	StartNotTried StartOutcome = ""
	// StartRefused for now: quota, an admission policy, a namespace that is going away.
	StartRefused StartOutcome = "Refused"
	// StartInvalid: the API server will never take such a Job.
	StartInvalid StartOutcome = "Invalid"
	// StartConflict: a Job that is not ours has the name.
	StartConflict StartOutcome = "Conflict"
)

// Plan is what is to be done and what is to be reported.
type Plan struct {
	// Status to report. Nil logs leave the mirrored tail as it is.
	Status v1alpha1.TaskExecutionStatus
	// Create this Job once the execution has a place, add the answer to the observation and decide again.
	Create *batchv1.Job
	// AskPlace asks for a place before the Job is built: the execution is read whole once it has one.
	AskPlace bool
	// End these pods: see package comment.
	End []*corev1.Pod
	// EndReason is written on these pods.
	EndReason string
	// Replace are executions to be cancelled in favour of this one.
	Replace []types.NamespacedName
	// DeleteJob and its pods.
	DeleteJob bool
	// Requeue after this long, zero if only an event can change the decision.
	Requeue time.Duration
}
