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
	// Trimmed means that Execution is from a cache without params, labels and annotations. That is enough for
	// everything except building the Job.
	Trimmed bool
	// Task is the Task of the execution. It is nil if it does not exist, or if the Job says all that is needed.
	Task *v1alpha1.Task
	// Origin is the verdict on the stated origin of the execution. It is empty if no origin is stated, or if the
	// verdict is already recorded or not known.
	Origin v1alpha1.Origin
	// Job is the Job of this execution, proven by its owner reference and its seal, or nil. Once the execution has been
	// acted on, nil is the answer of the API server and not of a cache.
	Job *batchv1.Job
	// Past is the run that this one is a copy of, if the controller's memory or the archive knows it, or else nil.
	Past *PastRun
	// PastWait is how long to wait for the archive to say whether there is one. It is zero if there is nothing to wait
	// for.
	PastWait time.Duration
	// Queue is the answer of the ledger, or nil if it was not asked. It is asked before the Job is created.
	Queue *queue.Answer
	// BacklogFull is why the execution may not wait. It is nil if it may, or if that was not asked. It is asked when the
	// first decision about an execution is to wait.
	BacklogFull *backlog.Full
	// Secret has the values of the sensitive params, read from the API server. It is nil if it does not exist, was not
	// needed or could not be read. In the last case SecretTrouble says why.
	Secret        *corev1.Secret
	SecretTrouble string
	// Redact knows the values of the sensitive params. It is nil if they are not known.
	Redact *redact.Redactor
	// Start is the API server's answer to the Plan's Create.
	Start StartResult
	// Pods are the pods of the Job, oldest first.
	Pods []*corev1.Pod
	// PodsRefused is why the Job controller cannot create the missing pod, such as a quota. It is empty if the Events
	// were not read, or give no reason.
	PodsRefused string
	// PodsRefusedSince is when the missing pod was first refused, or zero if PodsRefused is empty.
	PodsRefusedSince time.Time
	// PodTrouble is why the containers of the newest pod are not created, by its Events, such as a volume that cannot
	// be mounted. It is empty if the Events were not read (NeedsEvents), or give no reason.
	PodTrouble string
	// KillCause is the probe or hook for which the kubelet killed the deciding container. It is empty if its Events
	// were not read (NeedsKillEvents), or if the kubelet killed none.
	KillCause string
	// Log says how far the log was read.
	Log LogState
	// Mirrored is the tail in the status. It is set only if Log cannot be read again in full.
	Mirrored []v1alpha1.LogEntry
}

// Options are the operator's settings that decisions depend on.
type Options struct {
	// StartTimeout is the limit for an execution whose Task does not exist.
	StartTimeout time.Duration
	// ImagePullGrace is how long an image may fail to be pulled.
	ImagePullGrace time.Duration
	// Clusters identify this cluster: the name that the operator has chosen and the UID of its namespace kube-system, as
	// far as they are known. Both count, so that the two programs need not get a new name at the same moment.
	Clusters []string
	// Language is the language of the lifecycle lines in the log.
	Language Language
	// KeepJob is how long to keep the Job and the pods of a run after its whole log was archived. KeepUnarchivedJob is
	// the same if the log was not archived, so that only the pod has it. Zero means as long as the execution exists.
	KeepJob, KeepUnarchivedJob time.Duration
}

// LogState is the follower's state of an execution's log.
type LogState struct {
	// Tail has the newest lines, oldest first, within the run's budget.
	Tail []v1alpha1.LogEntry
	// Lines and Bytes count what was read; Dropped how many of those lines are no longer in Tail.
	Lines, Bytes, Dropped int64
	// Read means that the containers' logs were read to their end, with or without gaps.
	Read bool
	// Drained means that all that the containers printed was read and, if there is an archive, archived.
	Drained bool
	// Archived means that an archive has all that was read.
	Archived bool
	// GaveUp is why the rest of the log is no longer waited for, or empty. Missing says for people what is missing.
	GaveUp, Missing string
	// Attempts is how many attempts have a log: pods, and restarts of the task's container in place.
	Attempts int
	// Waited is how long ago the containers are known to have ended.
	Waited time.Duration
	// Due means that the tail should be written to the status now.
	Due bool
}

// Settled reports whether waiting cannot make the log more complete.
func (l LogState) Settled() bool { return l.Drained || l.GaveUp != "" }

// StartResult is the result of an attempt to create the Job.
type StartResult struct {
	Outcome StartOutcome
	// Message is the API server's message.
	Message string
}

// StartOutcome is how the API server answered the creation of a Job.
type StartOutcome string

const (
	// StartNotTried means that no Job was to be created, or that it was created and is Observation.Job.
	StartNotTried StartOutcome = ""
	// StartRefused means refused for now: by a quota, an admission policy, or a terminating namespace.
	StartRefused StartOutcome = "Refused"
	// StartInvalid means that the API server will never accept such a Job.
	StartInvalid StartOutcome = "Invalid"
	// StartConflict means that a foreign Job has the name.
	StartConflict StartOutcome = "Conflict"
)

// Plan is what to do and what to report.
type Plan struct {
	// Status is the status to report. Nil logs leave the mirrored tail as it is.
	Status v1alpha1.TaskExecutionStatus
	// Create is the Job to create once the execution has a place. Then add the answer to the observation and decide
	// again.
	Create *batchv1.Job
	// AskPlace asks for a place before the Job is built. The execution is read whole once it has one.
	AskPlace bool
	// End are the pods to end, as the package comment describes.
	End []*corev1.Pod
	// EndReason is the reason to write on these pods.
	EndReason string
	// Replace are executions to cancel in favour of this one.
	Replace []types.NamespacedName
	// DeleteJob deletes the Job and its pods.
	DeleteJob bool
	// Requeue is the delay of the next reconcile. It is zero if only an event can change the decision.
	Requeue time.Duration
}
