package v1alpha1

import (
	batchv1 "k8s.io/api/batch/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Task says what can be run: a Job template, the parameters it takes, and the limits each run has.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=taskexec
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Timeout",type=string,JSONPath=`.spec.timeout`
// +kubebuilder:printcolumn:name="Description",type=string,JSONPath=`.spec.description`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Task struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TaskSpec `json:"spec"`
	// +optional
	Status TaskStatus `json:"status,omitempty"`
}

// TaskSpec is what the author of a Task decides. A change concerns runs that start later; a run that has
// its Job keeps the limits that it started with.
type TaskSpec struct {
	// description tells people what the task is for.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// parameters is the JSON Schema (draft 2020-12) that the params of a run must satisfy. Its defaults are
	// applied. Without it a run may pass any object.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`

	// timeout bounds a run from the start of its first container, over all its attempts. Without it a run
	// may take for ever.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// startTimeout bounds the time from the creation of the Job until a container runs: scheduling, quota
	// and image pulls.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="startTimeout must be at least 1s"
	StartTimeout *metav1.Duration `json:"startTimeout,omitempty"`

	// retries is how often a failed attempt is tried again, in a new pod. It becomes the Job's backoffLimit
	// where the template sets none.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Retries int32 `json:"retries,omitempty"`

	// logs says which container's log is mirrored onto the execution, and how much of it.
	// +optional
	// +kubebuilder:default={}
	Logs LogsSpec `json:"logs,omitempty"`

	// jobTemplate is the Job that a run becomes, exactly as in a CronJob. Params reach its containers as
	// environment only: TASK_NAME, TASK_EXECUTION_ID, TASK_PARAMS (JSON) and TASK_PARAM_<NAME> for each
	// top-level scalar.
	// +required
	JobTemplate batchv1.JobTemplateSpec `json:"jobTemplate"`
}

// LogsSpec bounds the tail of the log that is kept on the execution.
type LogsSpec struct {
	// container whose log is mirrored. By default the one called "main", else the one that the annotation
	// kubectl.kubernetes.io/default-container names, else the first.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Container string `json:"container,omitempty"`

	// maxEntries kept, the newest.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=1000
	MaxEntries int32 `json:"maxEntries,omitempty"`

	// maxBytes kept, as JSON. From 1Ki to 256Ki, because etcd refuses objects over 1.5 MiB and each watcher
	// holds a multiple of this.
	// +optional
	// +kubebuilder:default="16Ki"
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('256Ki')) <= 0",message="maxBytes must be from 1Ki to 256Ki"
	MaxBytes *resource.Quantity `json:"maxBytes,omitempty"`
}

// TaskStatus is what the controller found out about a Task.
type TaskStatus struct {
	// observedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready says whether the task can be run, and if not, why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// TaskList is a list of Tasks.
//
// +kubebuilder:object:root=true
type TaskList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Task `json:"items"`
}
