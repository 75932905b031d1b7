// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// A new failure reason is a constant here, in the group that says why the run failed. What else it needs is in the table
// of docs/developing/architecture.md, and a test names what is missing: TestEachFailureReasonHasAnEventAndARow. Reasons
// that a waiting run has too, such as ReasonTaskNotFound, are in conditions.go.

// Reasons of a run that failed because of its program.
const (
	// ReasonNonZeroExit surfaces when the last attempt's container ended with an exit code other than 0.
	ReasonNonZeroExit = "NonZeroExit"
	// ReasonOOMKilled surfaces when the kernel killed the last attempt's container, or a process in it, because of its memory
	// limit, and the container failed. If the container still ended with exit code 0, the run is Completed, and message has a
	// warning.
	ReasonOOMKilled = "OOMKilled"
	// ReasonContainerNotStarted surfaces when the runtime could not start a container of the last attempt: its command
	// is not in the image, or cannot be executed. Message quotes the runtime, unless the run has sensitive params, because the
	// runtime might quote them.
	ReasonContainerNotStarted = "ContainerNotStarted"
	// ReasonDeadlineExceeded surfaces when the run took longer than its timeout.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonJobFailed surfaces when the Job failed for a reason that its pods do not show. Message quotes the Job.
	ReasonJobFailed = "JobFailed"
)

// Reasons of a run that failed because of a limit in its Task's jobTemplate. The exit code is that of a program that was
// told to end. Another attempt would end in the same way, so retryOnDisruption does not retry it.
const (
	// ReasonPodDeadlineExceeded surfaces when the last attempt's pod was active for longer than the template's
	// spec.template.spec.activeDeadlineSeconds.
	ReasonPodDeadlineExceeded = "PodDeadlineExceeded"
	// ReasonJobDeadlineExceeded surfaces when the Job was active for longer than the template's
	// spec.activeDeadlineSeconds, over all attempts.
	ReasonJobDeadlineExceeded = "JobDeadlineExceeded"
	// ReasonStorageLimitExceeded surfaces when the last attempt's pod wrote more than a limit of ephemeral-storage, or
	// the sizeLimit of an emptyDir, allows.
	ReasonStorageLimitExceeded = "StorageLimitExceeded"
	// ReasonProbeFailed surfaces when the kubelet killed the last attempt's container because its liveness probe, its
	// startup probe or its postStart hook failed.
	ReasonProbeFailed = "ProbeFailed"
)

// Reasons of a run that failed because of the platform, whatever the exit code was. Another attempt may succeed. With
// retryOnDisruption it is retried if a pod had the condition DisruptionTarget.
const (
	// ReasonEvicted surfaces when the last attempt's pod was evicted: its node was drained, tainted, or ran
	// short of memory or disk.
	ReasonEvicted = "Evicted"
	// ReasonPreempted surfaces when the last attempt's pod was removed for a pod of higher priority.
	ReasonPreempted = "Preempted"
	// ReasonNodeShutdown surfaces when the last attempt's node shut down.
	ReasonNodeShutdown = "NodeShutdown"
	// ReasonNodeLost surfaces when the last attempt's node no longer exists, or is considered lost.
	ReasonNodeLost = "NodeLost"
	// ReasonPodRejected surfaces when the node refused the last attempt's pod before any container started.
	ReasonPodRejected = "PodRejected"
	// ReasonDisrupted surfaces when the last attempt's pod was ended from outside in another way, for example deleted.
	ReasonDisrupted = "Disrupted"
	// ReasonJobLost surfaces when the Job was deleted before it ended. The run is never started again.
	ReasonJobLost = "JobLost"
	// ReasonStartTimeout surfaces when no container started within the start timeout: the first one, or the next one after an
	// init container or an attempt had ended. Message says what the run waited for.
	ReasonStartTimeout = "StartTimeout"
	// ReasonQueueTimeout surfaces when the run did not get a place within its Task's queueTimeout.
	ReasonQueueTimeout = "QueueTimeout"
	// ReasonImagePullFailed surfaces when an image could not be pulled for longer than the grace period of the
	// controller. Message names the image.
	ReasonImagePullFailed = "ImagePullFailed"
)

// Reasons of a run that failed because it could not be started as requested.
const (
	// ReasonConcurrencyForbidden surfaces when the limit of the Task was reached, and the policy is Forbid.
	ReasonConcurrencyForbidden = "ConcurrencyForbidden"
	// ReasonQueueFull surfaces when the Task's maxQueued was reached.
	ReasonQueueFull = "QueueFull"
	// ReasonNamespaceQueueFull surfaces when the run would have had to wait, and the controller's limit of waiting runs, or of their
	// bytes, was reached in the namespace. Message says which limit, how much is used and what to do.
	ReasonNamespaceQueueFull = "NamespaceQueueFull"
	// ReasonTaskSuspended surfaces when the run was created while its Task was suspended.
	ReasonTaskSuspended = "TaskSuspended"
	// ReasonInvalidParams surfaces when the params do not satisfy the Task's schema.
	ReasonInvalidParams = "InvalidParams"
	// ReasonSensitiveParamReadable surfaces when spec.params, which can be read, has a param that the Task marks as sensitive.
	ReasonSensitiveParamReadable = "SensitiveParamReadable"
	// ReasonInvalidTask surfaces when the Task's schema is invalid, so that params cannot be validated.
	ReasonInvalidTask = "InvalidTask"
	// ReasonNotAllowedByTask surfaces when the run asks for more than its Task allows: a longer timeout, or a queue.
	ReasonNotAllowedByTask = "NotAllowedByTask"
	// ReasonNameConflict surfaces when another Job, which the controller did not create, has the name of the run's Job.
	ReasonNameConflict = "NameConflict"
	// ReasonRestoredCopy surfaces when the execution is a copy of a run that was requested before: it was restored from a backup,
	// moved from another cluster, or deleted and created again. Message says of which run, and how that one ended if that is known.
	ReasonRestoredCopy = "RestoredCopy"
	// ReasonStartDeadlineExceeded surfaces when the run had not started by its spec.notAfter. Unlike StartTimeout, it does not depend on
	// how long the run waited.
	ReasonStartDeadlineExceeded = "StartDeadlineExceeded"
)
