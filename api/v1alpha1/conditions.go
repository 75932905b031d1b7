package v1alpha1

// Conditions of a Task.
const (
	// ConditionReady tells whether a Task can be run.
	ConditionReady = "Ready"
)

// Reasons of a Task's Ready condition.
const (
	// ReasonAccepted surfaces when the API server accepts the Job that the Task makes.
	ReasonAccepted = "Accepted"
	// ReasonInvalidParameters surfaces when spec.parameters is not a JSON Schema.
	ReasonInvalidParameters = "InvalidParameters"
	// ReasonInvalidJobTemplate surfaces on a Task and on its executions when the API server refuses the Job
	// that the template makes.
	ReasonInvalidJobTemplate = "InvalidJobTemplate"
)

// Conditions of a TaskExecution.
const (
	// ConditionSucceeded is Unknown until the run ends, then True or False. `kubectl wait` and Tekton's
	// users know it.
	ConditionSucceeded = "Succeeded"
	// ConditionLogsCaptured tells on a finished run whether its whole log was read.
	ConditionLogsCaptured = "LogsCaptured"
	// ConditionReconciling is kstatus's: True while the run is not finished, absent after.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is kstatus's: True when the run failed, absent otherwise.
	ConditionStalled = "Stalled"
)

// Reasons of a TaskExecution that has not ended.
const (
	// ReasonTaskNotFound surfaces on a Pending run whose Task does not exist, and on a Failed one when the
	// Task did not appear within the start timeout.
	ReasonTaskNotFound = "TaskNotFound"
	// ReasonJobCreated surfaces on a Pending run whose Job exists and whose pod waits for a node, a volume
	// or an image.
	ReasonJobCreated = "JobCreated"
	// ReasonJobRefused surfaces on a Pending run while the API server refuses the Job for now, for example
	// for quota.
	ReasonJobRefused = "JobRefused"
	// ReasonContainerStarted surfaces on a Running run.
	ReasonContainerStarted = "ContainerStarted"
	// ReasonRetrying surfaces on a Running run when an attempt failed and the Job is to make another.
	ReasonRetrying = "Retrying"
	// ReasonCancelRequested surfaces on a Cancelling run.
	ReasonCancelRequested = "CancelRequested"
)

// Reasons of a TaskExecution that has ended.
const (
	// ReasonCompleted surfaces when the Job completed.
	ReasonCompleted = "Completed"
	// ReasonNonZeroExit surfaces when the last attempt's container ended with an exit code other than 0.
	ReasonNonZeroExit = "NonZeroExit"
	// ReasonOOMKilled surfaces when the kernel killed the last attempt's container for its memory limit.
	ReasonOOMKilled = "OOMKilled"
	// ReasonDisrupted surfaces when the platform ended the last attempt: eviction, preemption, drain, or a
	// deleted pod.
	ReasonDisrupted = "Disrupted"
	// ReasonJobFailed surfaces when the Job failed for a reason that its pods do not tell. Message has the
	// Job's own words.
	ReasonJobFailed = "JobFailed"
	// ReasonDeadlineExceeded surfaces when the run took longer than its timeout.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonStartTimeout surfaces when no container started within the start timeout.
	ReasonStartTimeout = "StartTimeout"
	// ReasonInvalidParams surfaces when the params do not satisfy the Task's schema.
	ReasonInvalidParams = "InvalidParams"
	// ReasonInvalidTask surfaces when the Task's schema cannot be used, so that no params can be judged.
	ReasonInvalidTask = "InvalidTask"
	// ReasonNameConflict surfaces when a Job that is not ours has the name that ours would have.
	ReasonNameConflict = "NameConflict"
	// ReasonJobLost surfaces when the Job was deleted before it ended. The run is never started again.
	ReasonJobLost = "JobLost"
	// ReasonCancelled surfaces when a cancel stopped the run.
	ReasonCancelled = "Cancelled"
	// ReasonFinishedWhileCancelling surfaces when the run ended by itself after its cancel was accepted.
	ReasonFinishedWhileCancelling = "FinishedWhileCancelling"
)

// Reasons of the condition LogsCaptured and of logSummary.
const (
	// ReasonLogsComplete surfaces when all of the log was read.
	ReasonLogsComplete = "Complete"
	// ReasonLogsNoContainer surfaces when no container started, so that there is no log.
	ReasonLogsNoContainer = "NoContainer"
	// ReasonLogsCapturing surfaces while a finished run's log is still being read.
	ReasonLogsCapturing = "Capturing"
	// ReasonLogsUnavailable surfaces when the log could not be read to its end within the deadline.
	ReasonLogsUnavailable = "Unavailable"
	// ReasonLogsPodGone surfaces when a pod was removed before its log was read to its end.
	ReasonLogsPodGone = "PodGone"
)
