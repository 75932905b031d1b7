// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Conditions of a Task.
const (
	// ConditionReady says whether a Task can be run, or whether a TaskSchedule creates runs.
	ConditionReady = "Ready"
	// ConditionWarning is True on a Task that can be run but contains something that probably does not work as intended.
	// Otherwise it is absent.
	ConditionWarning = "Warning"
)

// Reasons of a Task's Warning condition.
const (
	// ReasonParamWithoutVariable surfaces when spec.parameters declares params that get no environment variable: their names
	// have no character that a variable's name may have, or differ only in characters that it may not have.
	ReasonParamWithoutVariable = "ParamWithoutVariable"
)

// Reasons of a Task's Ready condition.
const (
	// ReasonAccepted surfaces when the API server accepts the Job that the template describes.
	ReasonAccepted = "Accepted"
	// ReasonInvalidParameters surfaces when spec.parameters is not a JSON Schema.
	ReasonInvalidParameters = "InvalidParameters"
	// ReasonInvalidJobTemplate surfaces on a Task and on its executions when the API server refuses the Job
	// that the template describes, or when the template puts a parameter into a command line.
	ReasonInvalidJobTemplate = "InvalidJobTemplate"
	// ReasonUndecodable surfaces on a Task and its executions, on a TaskExecution and on a TaskSchedule when a stored field of
	// the spec cannot be decoded. Message names the field. Nothing is run until the field is fixed.
	ReasonUndecodable = "Undecodable"
)

// Conditions of a TaskExecution.
const (
	// ConditionSucceeded is Unknown until the run ends, then True or False. It is meant for `kubectl wait`, and Tekton has the
	// same condition.
	ConditionSucceeded = "Succeeded"
	// ConditionLogsCaptured says whether the whole log of a finished run was read.
	ConditionLogsCaptured = "LogsCaptured"
	// ConditionImagesPulled is False while an image of the newest pod cannot be pulled. Otherwise it is absent. The grace period of
	// image pulls counts from its transition.
	ConditionImagesPulled = "ImagesPulled"
	// ConditionStartable is False while the Job cannot be created because the Task or the Secret is missing, or because the API
	// server refuses the Job. Otherwise it is absent. Reason says which. The start timeout of that wait counts from its transition.
	ConditionStartable = "Startable"
	// ConditionReconciling is a condition of kstatus. It is True while a run is not finished, and while it is unknown whether a
	// Task can be run. Otherwise it is absent.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is a condition of kstatus. It is True on a failed run, and on a Task that cannot be run until its spec
	// changes. Otherwise it is absent.
	ConditionStalled = "Stalled"
)

// Reasons of a TaskExecution that has not ended.
const (
	// ReasonTaskNotFound surfaces on a Pending run whose Task does not exist, and on a Failed one when the
	// Task did not appear within the start timeout.
	ReasonTaskNotFound = "TaskNotFound"
	// ReasonConcurrencyLimit surfaces on a Queued run while the limit of its Task is reached.
	ReasonConcurrencyLimit = "ConcurrencyLimit"
	// ReasonReplacing surfaces on a Queued run that waits until the runs that it replaces have ended.
	ReasonReplacing = "Replacing"
	// ReasonNamespaceLimit surfaces on a Queued run while the limit of its namespace is reached.
	ReasonNamespaceLimit = "NamespaceLimit"
	// ReasonControllerLimit surfaces on a Queued run while the limit of the controller is reached.
	ReasonControllerLimit = "ControllerLimit"
	// ReasonJobSuspended surfaces on a Queued run whose Job exists and is suspended, for example by Kueue. This happens before the
	// first container starts, or later; then it ends the containers. In status.pods it is the reason of a pod that ended
	// that way.
	ReasonJobSuspended = "JobSuspended"
	// ReasonImagePullBackOff surfaces in the condition ImagesPulled while an image cannot be pulled.
	ReasonImagePullBackOff = "ImagePullBackOff"
	// ReasonSecretNotFound surfaces on a Pending run whose Secret of sensitive params does not exist, is not permitted (neither
	// owned by the execution nor labelled), lacks a param or cannot be read. It surfaces on a Failed run if that did not change
	// within the start timeout. The first two cases look the same, because not everyone may know which Secrets exist.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonJobCreated surfaces on a Pending run whose Job exists and whose pod waits for a node, a volume
	// or an image.
	ReasonJobCreated = "JobCreated"
	// ReasonJobRefused surfaces on a Pending run while the API server refuses the Job, for example because of a quota.
	// It surfaces on a Failed run if that did not change within the start timeout.
	ReasonJobRefused = "JobRefused"
	// ReasonContainerStarted surfaces on a Running run.
	ReasonContainerStarted = "ContainerStarted"
	// ReasonContainerWaiting surfaces on a Running run if no container runs because the next one cannot start: after an init
	// container ended, or in the pod of another attempt. Message says why. The start timeout counts meanwhile.
	ReasonContainerWaiting = "ContainerWaiting"
	// ReasonRetrying surfaces on a Running run when an attempt failed and the Job will make another.
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

// Reasons of the condition LogsCaptured and of logSummary.
const (
	// ReasonLogsComplete surfaces when all of the log was read.
	ReasonLogsComplete = "Complete"
	// ReasonLogsNoContainer surfaces when no container started, so that there is no log.
	ReasonLogsNoContainer = "NoContainer"
	// ReasonLogsCapturing surfaces while a finished run's log is still being read.
	ReasonLogsCapturing = "Capturing"
	// ReasonLogsArchiving surfaces while a finished run's log was read and part of it is not in the archive yet.
	ReasonLogsArchiving = "Archiving"
	// ReasonLogsUnavailable surfaces when the log could not be read to its end within the deadline.
	ReasonLogsUnavailable = "Unavailable"
	// ReasonLogsPodGone surfaces when a pod was removed, or a container started again more than once, before
	// its log was read to its end.
	ReasonLogsPodGone = "PodGone"
	// ReasonLogsRotated surfaces when the kubelet rotated a log away that may have had unread lines.
	ReasonLogsRotated = "Rotated"
	// ReasonLogsArchiveUnavailable surfaces when the archive did not take the whole log within its deadline.
	ReasonLogsArchiveUnavailable = "ArchiveUnavailable"
	// ReasonLogsArchiveFull surfaces when lines were not archived because too much was waiting for the archive.
	ReasonLogsArchiveFull = "ArchiveSpoolFull"
	// ReasonLogsNotRedactable surfaces when nothing was archived because the Task asks for a redacted archive, and the controller
	// does not know the values of the sensitive params: their Secret is gone, or may not be read.
	ReasonLogsNotRedactable = "NotRedactable"
	// ReasonLogsArchiveConflict surfaces when the archive has parts of another log under the names of this log's parts.
	ReasonLogsArchiveConflict = "ArchiveConflict"
)

// Reasons of a TaskSchedule's Ready condition. It also has ReasonTaskNotFound, ReasonInvalidParams and
// ReasonNotAllowedByTask while its Task does not exist, does not accept its params or does not allow its timeout, and
// ReasonNameConflict after another TaskExecution had the name of one that it wanted to create.
const (
	// ReasonScheduled surfaces when the next run is planned.
	ReasonScheduled = "Scheduled"
	// ReasonSuspended surfaces when spec.suspend stops a schedule that is otherwise ready.
	ReasonSuspended = "Suspended"
	// ReasonInvalidSchedule surfaces when spec.schedule is not a cron expression, or is one that matches no time.
	ReasonInvalidSchedule = "InvalidSchedule"
	// ReasonInvalidTimeZone surfaces when spec.timeZone is not in the IANA database.
	ReasonInvalidTimeZone = "InvalidTimeZone"
	// ReasonInvalidLabels surfaces when spec.labels has a label that no run may have.
	ReasonInvalidLabels = "InvalidLabels"
	// ReasonExecutionRefused surfaces while the API server refuses a TaskExecution, for example because of a quota.
	ReasonExecutionRefused = "ExecutionRefused"
	// ReasonMissedSchedule surfaces as an Event when ticks were skipped, because they were too late or too many.
	ReasonMissedSchedule = "MissedSchedule"
)
