// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Labels and annotations. With config/admission, only Taskexec's own accounts may set, change or remove those below taskexec.dev/ on
// executions, and on Jobs and pods that have LabelExecutionUID. Users may set three of them: AnnotationTraceparent on an
// execution, AnnotationRunOnChange on a Task (this needs the right to run that Task), and LabelParams on a Secret.
const (
	// LabelTask on a Job and its pods, and on a TaskExecution that the facade, a schedule or a change of the Task created,
	// names the Task. A name over 63 characters is cut and hashed, and AnnotationTask has the whole name. The field
	// selector spec.taskRef.name always takes the whole name.
	LabelTask = "taskexec.dev/task"
	// AnnotationTask on a TaskExecution is the Task's whole name, if it does not fit into LabelTask.
	AnnotationTask = "taskexec.dev/task"
	// LabelTrigger on such a TaskExecution is its spec.trigger.source.
	LabelTrigger = "taskexec.dev/trigger"
	// LabelExecution on a Job and its pods names the TaskExecution. A name over 63 characters is cut and
	// hashed.
	LabelExecution = "taskexec.dev/execution"
	// LabelExecutionUID on a Job and its pods is the TaskExecution's UID. The controller selects by it.
	LabelExecutionUID = "taskexec.dev/execution-uid"
	// LabelKueueQueue is Kueue's label for the queue of a Job. The template's value takes precedence over the execution's.
	LabelKueueQueue = "kueue.x-k8s.io/queue-name"
	// LabelParams on a Secret, with the value "true", lets executions of its namespace take sensitive params from it.
	LabelParams = "taskexec.dev/params"
	// AnnotationLimits on a Job holds the limits that the run started with, as JSON. A later change or deletion of the Task does
	// not affect a run that has its Job.
	AnnotationLimits = "taskexec.dev/limits"
	// AnnotationSeal on a Job is the controller's signature: the id of its key, and Ed25519 in base64. It proves that the
	// controller made the Job for its execution, until the status names the Job. The public keys are in the ConfigMap
	// taskexec-controller-keys of the controller's namespace.
	AnnotationSeal = "taskexec.dev/seal"
	// AnnotationExecution on a Job and its pods is the TaskExecution's whole name, which may be too long for a label.
	AnnotationExecution = "taskexec.dev/execution"
	// AnnotationLogContainer on a pod names the task's own container, whose log is the run's.
	AnnotationLogContainer = "taskexec.dev/log-container"
	// AnnotationLogArchive on a pod says how its log is kept, if not raw: "redacted" (spec.logs.archive of the Task). The
	// facade does not serve the log of such a pod.
	AnnotationLogArchive = "taskexec.dev/log-archive"
	// AnnotationEnded on a pod says that the controller ended it, why and when: "DeadlineExceeded
	// 2006-01-02T15:04:05Z". It is written together with the pod's activeDeadlineSeconds.
	AnnotationEnded = "taskexec.dev/ended"
	// AnnotationSubmission on a TaskExecution that was created with an Idempotency-Key is a keyed digest of the request's body:
	// "hmac-sha256:..." in hex. It distinguishes a repeated request from another one with the same key.
	AnnotationSubmission = "taskexec.dev/submission"
	// AnnotationTraceparent on a TaskExecution is the W3C trace that the run belongs to:
	// "00-<trace id>-<parent id>-<flags>". The facade sets it, and users may. It is copied to the Job, its pods and the
	// environment of the containers. A value of another form is ignored.
	AnnotationTraceparent = "taskexec.dev/traceparent"
	// AnnotationRequestID on a TaskExecution that was created over REST is the id of the request in the facade's log.
	AnnotationRequestID = "taskexec.dev/request-id"
	// AnnotationRerunOf on a TaskExecution names the one that it repeats, which may no longer exist.
	AnnotationRerunOf = "taskexec.dev/rerun-of"
	// AnnotationForget on a TaskExecution that has ended, "true", asks the controller to remove its record and its log from the
	// archive, and then the execution itself. The facade sets it (DELETE with forget=true).
	AnnotationForget = "taskexec.dev/forget"
	// LabelSchedule on a TaskExecution names the TaskSchedule that created it. A name over 63 characters is cut and
	// hashed.
	LabelSchedule = "taskexec.dev/schedule"
	// LabelScheduleUID on a TaskExecution is that TaskSchedule's UID.
	LabelScheduleUID = "taskexec.dev/schedule-uid"
	// AnnotationScheduledAt on a TaskExecution is the time of its tick without jitter (RFC 3339).
	AnnotationScheduledAt = "taskexec.dev/scheduled-at"
	// AnnotationUserClaimed on a TaskExecution of a schedule, "true", says that its spec.trigger.user comes from an annotation of
	// the schedule that anyone could have written.
	AnnotationUserClaimed = "taskexec.dev/user-claimed"
	// AnnotationCreatedBy on a TaskSchedule is who created it over REST. AnnotationChangedBy is who last changed its spec over REST. It
	// is valid while AnnotationChangedGeneration is the schedule's metadata.generation: then nobody else has changed the spec since.
	AnnotationCreatedBy         = "taskexec.dev/created-by"
	AnnotationChangedBy         = "taskexec.dev/changed-by"
	AnnotationChangedGeneration = "taskexec.dev/changed-generation"
	// AnnotationRunOnChange on a Task, "true", asks for one execution for each change of its spec. Users and GitOps tools set it.
	AnnotationRunOnChange = "taskexec.dev/run-on-change"
)

// MaxParamsBytes limits the params of one run, in bytes of JSON. The container gets them as one environment variable, and Linux limits
// one to 128 KiB (MAX_ARG_STRLEN).
const MaxParamsBytes = 100 << 10
