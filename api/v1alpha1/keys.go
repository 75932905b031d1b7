package v1alpha1

// Labels and annotations on what the controller makes.
const (
	// LabelTask on a Job and its pods names the Task. A name over 63 characters is cut and hashed.
	LabelTask = "taskexec.dev/task"
	// LabelExecution on a Job and its pods names the TaskExecution. A name over 63 characters is cut and
	// hashed.
	LabelExecution = "taskexec.dev/execution"
	// LabelExecutionUID on a Job and its pods is the TaskExecution's UID: what the controller selects by.
	LabelExecutionUID = "taskexec.dev/execution-uid"
	// AnnotationLimits on a Job holds the limits that the run started with, as JSON, so that a later change
	// or deletion of the Task does not reach a run that exists.
	AnnotationLimits = "taskexec.dev/limits"
	// AnnotationExecution on a Job and its pods is the TaskExecution's whole name, which need not fit a label.
	AnnotationExecution = "taskexec.dev/execution"
	// AnnotationEnded on a pod says that the controller ended it, why and when: "DeadlineExceeded
	// 2006-01-02T15:04:05Z". It is written together with the pod's activeDeadlineSeconds.
	AnnotationEnded = "taskexec.dev/ended"
)

// MaxParamsBytes bounds the params of one run, in bytes of JSON: they reach the container as one
// environment variable, and Linux allows 128 KiB for one (MAX_ARG_STRLEN).
const MaxParamsBytes = 100 << 10
