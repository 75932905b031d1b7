package v1alpha1

// Conditions of a Task.
const (
	// ConditionReady tells whether a Task can be run, and whether a TaskSchedule makes runs.
	ConditionReady = "Ready"
	// ConditionWarning is True on a Task that can be run and that has something in it which hardly works as it is
	// meant. It is absent when there is nothing of the kind.
	ConditionWarning = "Warning"
)

// Reasons of a Task's Warning condition.
const (
	// ReasonParamWithoutVariable surfaces when spec.parameters declares params that have no environment variable of
	// their own: names that differ only in what a variable's name cannot hold, or that have nothing that it can hold.
	ReasonParamWithoutVariable = "ParamWithoutVariable"
)

// Reasons of a Task's Ready condition.
const (
	// ReasonAccepted surfaces when the API server accepts the Job that the Task makes.
	ReasonAccepted = "Accepted"
	// ReasonInvalidParameters surfaces when spec.parameters is not a JSON Schema.
	ReasonInvalidParameters = "InvalidParameters"
	// ReasonInvalidJobTemplate surfaces on a Task and on its executions when the API server refuses the Job
	// that the template makes, or when the template puts a parameter into a command line.
	ReasonInvalidJobTemplate = "InvalidJobTemplate"
	// ReasonUndecodable surfaces on a Task, on its executions, on a TaskExecution and on a TaskSchedule when a field of
	// its spec, which the API server has, cannot be decoded. Message names the field. Nothing is run of it until the
	// field is mended.
	ReasonUndecodable = "Undecodable"
)

// Conditions of a TaskExecution.
const (
	// ConditionSucceeded is Unknown until the run ends, then True or False. `kubectl wait` and Tekton's
	// users know it.
	ConditionSucceeded = "Succeeded"
	// ConditionLogsCaptured tells on a finished run whether its whole log was read.
	ConditionLogsCaptured = "LogsCaptured"
	// ConditionImagesPulled is False from when an image of the newest pod could not be pulled, and absent
	// otherwise. Its transition is what the grace period of image pulls counts from.
	ConditionImagesPulled = "ImagesPulled"
	// ConditionStartable is False while a run waits for what its Job cannot be made without: its Task, its Secret, or
	// leave of the API server, and absent otherwise. Its reason says which. Its transition is what the start clock of
	// that wait counts from.
	ConditionStartable = "Startable"
	// ConditionReconciling is kstatus's: True while the run is not finished, absent after. On a Task, True while it
	// cannot be told whether it can be run.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is kstatus's: True when the run failed, absent otherwise. On a Task, True when it cannot be
	// run until its spec changes.
	ConditionStalled = "Stalled"
)

// Reasons of a TaskExecution that has not ended.
const (
	// ReasonTaskNotFound surfaces on a Pending run whose Task does not exist, and on a Failed one when the
	// Task did not appear within the start timeout.
	ReasonTaskNotFound = "TaskNotFound"
	// ReasonConcurrencyLimit surfaces on a Queued run while as many runs of its Task are active as may be.
	ReasonConcurrencyLimit = "ConcurrencyLimit"
	// ReasonReplacing surfaces on a Queued run that waits for the end of those that it replaces.
	ReasonReplacing = "Replacing"
	// ReasonNamespaceLimit surfaces on a Queued run while as many runs are active in its namespace as may be.
	ReasonNamespaceLimit = "NamespaceLimit"
	// ReasonControllerLimit surfaces on a Queued run while as many runs are active in all as may be.
	ReasonControllerLimit = "ControllerLimit"
	// ReasonJobSuspended surfaces on a Queued run whose Job exists and is suspended, for example by Kueue: before its
	// first container started, or after that, which ended its containers. In status.pods it is the reason of a pod that
	// was ended so.
	ReasonJobSuspended = "JobSuspended"
	// ReasonImagePullBackOff surfaces in the condition ImagesPulled while an image cannot be pulled.
	ReasonImagePullBackOff = "ImagePullBackOff"
	// ReasonSecretNotFound surfaces on a Pending run whose Secret of sensitive params does not exist, is neither the
	// execution's own nor labelled for this use, lacks one or cannot be read, and on a Failed one when that did not change
	// within the start timeout. Nothing tells the first two apart, because not everybody may know which Secrets exist.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonJobCreated surfaces on a Pending run whose Job exists and whose pod waits for a node, a volume
	// or an image.
	ReasonJobCreated = "JobCreated"
	// ReasonJobRefused surfaces on a Pending run while the API server refuses the Job for now, for example
	// for quota.
	ReasonJobRefused = "JobRefused"
	// ReasonContainerStarted surfaces on a Running run.
	ReasonContainerStarted = "ContainerStarted"
	// ReasonContainerWaiting surfaces on a Running run of which nothing runs at present, because its next container
	// cannot be started: after an init container ended, or in the pod of another attempt. Message says why. The start
	// clock counts meanwhile.
	ReasonContainerWaiting = "ContainerWaiting"
	// ReasonRetrying surfaces on a Running run when an attempt failed and the Job is to make another.
	ReasonRetrying = "Retrying"
	// ReasonCancelRequested surfaces on a Cancelling run.
	ReasonCancelRequested = "CancelRequested"
)

// Reasons of a TaskExecution that has ended.
const (
	// ReasonCompleted surfaces when the Job completed.
	ReasonCompleted = "Completed"
	// ReasonCancelled surfaces when a cancel stopped the run.
	ReasonCancelled = "Cancelled"
	// ReasonFinishedWhileCancelling surfaces when the run ended by itself after its cancel was accepted.
	ReasonFinishedWhileCancelling = "FinishedWhileCancelling"
)

// Reasons of a run that failed by what its program did.
const (
	// ReasonNonZeroExit surfaces when the last attempt's container ended with an exit code other than 0.
	ReasonNonZeroExit = "NonZeroExit"
	// ReasonOOMKilled surfaces when the kernel killed the last attempt's container, or a process in it, for its memory
	// limit, and the container failed. Where it ended with exit code 0 all the same, the run is Completed, and message
	// has the warning.
	ReasonOOMKilled = "OOMKilled"
	// ReasonContainerNotStarted surfaces when the runtime could not start a container of the last attempt: its command
	// is not in the image, or cannot be executed. Message has the runtime's words, unless the run has sensitive params,
	// which those may quote.
	ReasonContainerNotStarted = "ContainerNotStarted"
	// ReasonDeadlineExceeded surfaces when the run took longer than its timeout.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonJobFailed surfaces when the Job failed for a reason that its pods do not tell. Message has the
	// Job's own words.
	ReasonJobFailed = "JobFailed"
)

// Reasons of a run that failed by a limit that its Task's jobTemplate sets. The exit code is that of a program that was
// told to end. The same run ends in the same way another time, so that retryOnDisruption does not retry it.
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

// Reasons of a run that failed by what the platform did, whatever the exit code was. The same run may well
// succeed another time. A Task with retryOnDisruption has them retried, where a pod had the condition
// DisruptionTarget.
const (
	// ReasonEvicted surfaces when the last attempt's pod was evicted: its node was drained, tainted, or ran
	// short of memory or disk.
	ReasonEvicted = "Evicted"
	// ReasonPreempted surfaces when the last attempt's pod had to make room for one of a higher priority.
	ReasonPreempted = "Preempted"
	// ReasonNodeShutdown surfaces when the last attempt's node shut down.
	ReasonNodeShutdown = "NodeShutdown"
	// ReasonNodeLost surfaces when the last attempt's node no longer exists, or was given up.
	ReasonNodeLost = "NodeLost"
	// ReasonPodRejected surfaces when the node refused the last attempt's pod before any container started.
	ReasonPodRejected = "PodRejected"
	// ReasonDisrupted surfaces when the last attempt's pod was ended from outside in another way: somebody
	// deleted it.
	ReasonDisrupted = "Disrupted"
	// ReasonJobLost surfaces when the Job was deleted before it ended. The run is never started again.
	ReasonJobLost = "JobLost"
	// ReasonStartTimeout surfaces when no container started within the start timeout, or the next one did not after an
	// init container or an attempt had ended. Message says what it waited for.
	ReasonStartTimeout = "StartTimeout"
	// ReasonQueueTimeout surfaces when the run did not get its turn within its Task's queueTimeout.
	ReasonQueueTimeout = "QueueTimeout"
	// ReasonImagePullFailed surfaces when an image could not be pulled for longer than the grace period of the
	// controller. Message names the image.
	ReasonImagePullFailed = "ImagePullFailed"
)

// Reasons of a run that failed because it could not be started as it was asked for.
const (
	// ReasonConcurrencyForbidden surfaces when as many runs were active as may be, and the policy is Forbid.
	ReasonConcurrencyForbidden = "ConcurrencyForbidden"
	// ReasonQueueFull surfaces when as many runs waited as may.
	ReasonQueueFull = "QueueFull"
	// ReasonNamespaceQueueFull surfaces when the run would have had to wait, and as many runs waited in its namespace, or
	// as many bytes of runs, as the controller lets wait there. Message says which, how much is used and what to do.
	ReasonNamespaceQueueFull = "NamespaceQueueFull"
	// ReasonTaskSuspended surfaces when the run was made while its Task was suspended.
	ReasonTaskSuspended = "TaskSuspended"
	// ReasonInvalidParams surfaces when the params do not satisfy the Task's schema.
	ReasonInvalidParams = "InvalidParams"
	// ReasonSensitiveParamReadable surfaces when a param that the Task marks as sensitive stands in spec.params,
	// where it can be read.
	ReasonSensitiveParamReadable = "SensitiveParamReadable"
	// ReasonInvalidTask surfaces when the Task's schema cannot be used, so that no params can be judged.
	ReasonInvalidTask = "InvalidTask"
	// ReasonNotAllowedByTask surfaces when the run asks for more than its Task allows: a longer timeout, or a queue.
	ReasonNotAllowedByTask = "NotAllowedByTask"
	// ReasonNameConflict surfaces when a Job that the controller did not make has the name that the run's would have.
	ReasonNameConflict = "NameConflict"
)

// Reasons of the condition LogsCaptured and of logSummary.
const (
	// ReasonLogsComplete surfaces when all of the log was read.
	ReasonLogsComplete = "Complete"
	// ReasonLogsNoContainer surfaces when no container started, so that there is no log.
	ReasonLogsNoContainer = "NoContainer"
	// ReasonLogsCapturing surfaces while a finished run's log is still being read.
	ReasonLogsCapturing = "Capturing"
	// ReasonLogsArchiving surfaces while a finished run's log was read and is not all in the archive yet.
	ReasonLogsArchiving = "Archiving"
	// ReasonLogsUnavailable surfaces when the log could not be read to its end within the deadline.
	ReasonLogsUnavailable = "Unavailable"
	// ReasonLogsPodGone surfaces when a pod was removed, or a container started again more than once, before
	// its log was read to its end.
	ReasonLogsPodGone = "PodGone"
	// ReasonLogsRotated surfaces when the kubelet rotated a log away that may have had lines nobody had read.
	ReasonLogsRotated = "Rotated"
	// ReasonLogsArchiveUnavailable surfaces when the archive did not take the whole log within its deadline.
	ReasonLogsArchiveUnavailable = "ArchiveUnavailable"
	// ReasonLogsArchiveFull surfaces when lines were not archived because too much was waiting for the archive.
	ReasonLogsArchiveFull = "ArchiveSpoolFull"
	// ReasonLogsNotRedactable surfaces when nothing was archived because the Task asks for an archive without the values
	// of sensitive params, and the controller does not know them: their Secret is gone, or may not be read.
	ReasonLogsNotRedactable = "NotRedactable"
	// ReasonLogsArchiveConflict surfaces when the archive has other parts under the names that this log's have.
	ReasonLogsArchiveConflict = "ArchiveConflict"
)

// Reasons of a TaskSchedule's Ready condition. It also has ReasonTaskNotFound, ReasonInvalidParams and
// ReasonNotAllowedByTask, while its Task does not exist, does not take its params or does not allow its timeout, and
// ReasonNameConflict, after a TaskExecution that is not its
// own had the name of one that it was to make.
const (
	// ReasonScheduled surfaces when the next run is planned.
	ReasonScheduled = "Scheduled"
	// ReasonSuspended surfaces when spec.suspend holds a schedule that is otherwise ready.
	ReasonSuspended = "Suspended"
	// ReasonInvalidSchedule surfaces when spec.schedule is no cron expression, or one that never comes true.
	ReasonInvalidSchedule = "InvalidSchedule"
	// ReasonInvalidTimeZone surfaces when spec.timeZone is not in the IANA database.
	ReasonInvalidTimeZone = "InvalidTimeZone"
	// ReasonExecutionRefused surfaces while the API server refuses a TaskExecution, for example for quota.
	ReasonExecutionRefused = "ExecutionRefused"
	// ReasonMissedSchedule surfaces as an Event when ticks were passed over, because they were too late or too
	// many.
	ReasonMissedSchedule = "MissedSchedule"
)
