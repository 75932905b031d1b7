// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	batchv1 "k8s.io/api/batch/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Task says what can be run: a Job template, the parameters that it takes, and the limits of each run.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=taskexec
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Running",type=integer,JSONPath=`.status.running`
// +kubebuilder:printcolumn:name="Queued",type=integer,JSONPath=`.status.queued`
// +kubebuilder:printcolumn:name="Last",type=string,JSONPath=`.status.lastExecution.phase`
// +kubebuilder:printcolumn:name="Timeout",type=string,JSONPath=`.spec.timeout`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Completed",type=integer,JSONPath=`.status.totals.completed`,priority=1
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.totals.failed`,priority=1
// +kubebuilder:printcolumn:name="P95",type=string,JSONPath=`.status.durations.p95`,priority=1
// +kubebuilder:printcolumn:name="Description",type=string,JSONPath=`.spec.description`,priority=1
// +kubebuilder:selectablefield:JSONPath=`.spec.suspended`
// +kubebuilder:selectablefield:JSONPath=`.status.lastExecution.phase`
type Task struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec TaskSpec `json:"spec"`
	// The default generation -1 tells kstatus that the controller has not seen the Task yet.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status TaskStatus `json:"status,omitempty"`

	// Undecoded are the fields that could not be decoded. They are not part of the resource.
	// +optional
	Undecoded Undecoded `json:"-"`
}

// TaskSpec is the desired state of a Task. A change affects runs whose Job is created later. A run that has its Job keeps the
// limits that it started with.
//
// Durations are defaulted in Go's notation (5m0s). A client that reads a Task and writes it back then changes nothing, and the
// generation stays the same.
//
// +kubebuilder:validation:XValidation:rule="!has(self.retryOnDisruption) || !self.retryOnDisruption || !has(self.jobTemplate.spec) || !has(self.jobTemplate.spec.template.spec) || !has(self.jobTemplate.spec.template.spec.restartPolicy) || self.jobTemplate.spec.template.spec.restartPolicy == 'Never'",message="retryOnDisruption takes the restartPolicy Never: a pod that restarts its containers in place has no podFailurePolicy",fieldPath=".retryOnDisruption"
// +kubebuilder:validation:XValidation:rule="!has(self.retryOnDisruption) || !self.retryOnDisruption || !has(self.jobTemplate.spec) || !has(self.jobTemplate.spec.podReplacementPolicy) || self.jobTemplate.spec.podReplacementPolicy == 'Failed'",message="retryOnDisruption takes the podReplacementPolicy Failed: a replacement waits until the disrupted pod has ended",fieldPath=".retryOnDisruption"
// +kubebuilder:validation:XValidation:rule="!has(self.jobTemplate.spec) || !has(self.jobTemplate.spec.manualSelector) || !self.jobTemplate.spec.manualSelector",message="manualSelector: true is not possible: the runs of a Task would share one selector, and each would count the pods of the others; leave out manualSelector and selector",fieldPath=".jobTemplate.spec.manualSelector"
type TaskSpec struct {
	// description says what the task is for.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// parameters is the JSON Schema (draft 2020-12) that the params of a run must satisfy. Its defaults are
	// applied. Without a schema, a run may pass any object. A scalar property at the top level with writeOnly: true is
	// sensitive: its value is kept in a Secret.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`

	// timeout limits the time of a run, from the start of its first container and over all attempts. Without it there is no
	// limit.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// maxTimeout is the longest timeout that a run or a schedule may ask for. Without maxTimeout, it may ask for at most timeout, or
	// for any time if timeout is not set either. If maxTimeout is set and timeout is not, it is also the timeout of runs that
	// ask for none.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="maxTimeout must be at least 1s"
	MaxTimeout *metav1.Duration `json:"maxTimeout,omitempty"`

	// startTimeout limits the time until a container runs: scheduling, quota and image pulls. It counts from the creation of the
	// Job, or from when a suspended Job is resumed. It counts again after an init container has ended and after the pod of
	// another attempt is created.
	// +optional
	// +kubebuilder:default="5m0s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="startTimeout must be at least 1s"
	StartTimeout *metav1.Duration `json:"startTimeout,omitempty"`

	// queueTimeout limits the time that a run waits for its place: from its creation until its Job may be created. If the Job is
	// then held suspended, for example by Kueue, the time counts until the Job is resumed. Without it there is no limit.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="queueTimeout must be at least 1s"
	QueueTimeout *metav1.Duration `json:"queueTimeout,omitempty"`

	// concurrency limits how many runs of this task are active at once. Without it there is no limit.
	// +optional
	Concurrency *ConcurrencySpec `json:"concurrency,omitempty"`

	// allowedQueues are the queues of Kueue that a run may choose with its label kueue.x-k8s.io/queue-name, if the jobTemplate
	// does not have this label. By default a run may choose none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	AllowedQueues []string `json:"allowedQueues,omitempty"`

	// allowedLabels are the keys of the labels that whoever runs the task may give a run, and that reach its Job and pods. An
	// empty list allows none. By default every label is allowed that neither Kubernetes nor a tool owns, so that a pod of the run
	// may be selected by a Service or a NetworkPolicy that selects by such a label.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=317
	AllowedLabels []string `json:"allowedLabels,omitzero"`

	// suspended makes new runs fail. Runs that already wait or run are not affected.
	// +optional
	Suspended bool `json:"suspended,omitempty"`

	// retries is how many times a failed attempt is retried, each in a new pod. It becomes the Job's backoffLimit if the template
	// sets none.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Retries int32 `json:"retries,omitempty"`

	// retryOnDisruption retries an attempt that the platform ended: by eviction, preemption, or because its node shut down or is
	// gone (the pod's condition DisruptionTarget). Such retries do not count against retries; only the timeout limits them. The
	// Job gets a podFailurePolicy for it, after the template's own rules. The restartPolicy must be Never.
	// +optional
	RetryOnDisruption bool `json:"retryOnDisruption,omitempty"`

	// allowParamsInCommand permits `$(TASK_PARAMS)` and `$(TASK_PARAM_<NAME>)` in command, args, exec probes and subPathExpr.
	// Kubernetes replaces them with what the caller sent. A shell in the command would run that text, and a subPathExpr would
	// mount the folder that it names. Without this field, such a Task is not Ready.
	// +optional
	AllowParamsInCommand bool `json:"allowParamsInCommand,omitempty"`

	// logs says which container's log is copied to the status of the execution, and how much of it.
	// +optional
	// +kubebuilder:default={}
	Logs LogsSpec `json:"logs,omitempty"`

	// retention limits the history of runs that were created over REST or by the operator. It does not remove runs that kubectl,
	// Argo CD or Flux created, because these tools would create them again.
	// +optional
	// +kubebuilder:default={}
	Retention RetentionSpec `json:"retention,omitempty"`

	// jobTemplate describes the Job of a run, as in a CronJob. The Job and its pods get the labels and annotations of the
	// template, and the pods also get the finalizers of the pod template. Fields that the API server adds to a Job, such as
	// selector and the label controller-uid, are removed, so that an existing Job can be pasted here.
	//
	// Containers get the params as environment variables: TASK_NAME, TASK_EXECUTION_ID, TASK_PARAMS (JSON, without the sensitive
	// ones) and `TASK_PARAM_<NAME>` for each top-level scalar, unless two params would have the same variable.
	// +required
	JobTemplate batchv1.JobTemplateSpec `json:"jobTemplate"`
}

// LogArchive says how the archive keeps the whole log of a run.
//
// +kubebuilder:validation:Enum=raw;redacted
type LogArchive string

// The ways to archive a log.
const (
	// LogArchiveRaw keeps every byte that was printed, including the values of sensitive params. It is the default.
	LogArchiveRaw LogArchive = "raw"
	// LogArchiveRedacted keeps the log without the values of sensitive params.
	LogArchiveRedacted LogArchive = "redacted"
)

// LogsSpec limits the tail of the log in the execution's status, and says how the whole log is archived.
type LogsSpec struct {
	// archive says how the whole log is kept, if the operator has an archive. "raw", the default, keeps every byte as it was
	// printed. "redacted" removes the values of sensitive params (writeOnly), in the encodings that programs commonly print;
	// the REST API then reads logs from the archive only, and not from the pods. A change affects runs that start later.
	// +optional
	Archive LogArchive `json:"archive,omitempty"`

	// container is the one whose log is copied. The default is the container named "main", then the one that the annotation
	// kubectl.kubernetes.io/default-container names, then the first.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Container string `json:"container,omitempty"`

	// maxEntries is how many of the newest entries are kept.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=1000
	MaxEntries int32 `json:"maxEntries,omitempty"`

	// maxBytes limits the kept entries in bytes of JSON, from 1Ki to 256Ki. The limit exists because etcd refuses objects over
	// 1.5 MiB and every watcher holds the status in memory.
	// +optional
	// +kubebuilder:default="16Ki"
	// +kubebuilder:validation:XValidation:rule="string(self).matches('^[0-9.]{1,20}([kKM]i?|[eE][+]?[0-9]{1,2})?$') && isQuantity(string(self)) && quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('256Ki')) <= 0",message="maxBytes must be from 1Ki to 256Ki"
	MaxBytes *resource.Quantity `json:"maxBytes,omitempty"`
}

// RetentionSpec says how long finished runs are kept, and how many. A run counts once its log is complete or given up.
type RetentionSpec struct {
	// ttl is how long a run is kept after it ended.
	// +optional
	// +kubebuilder:default="168h0m0s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="ttl must be at least 1s"
	TTL *metav1.Duration `json:"ttl,omitempty"`

	// completed is how many of the newest completed runs are kept. Every run is kept for at least ten minutes, so that a client
	// that waits for it can read it.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Completed *int32 `json:"completed,omitempty"`

	// failed is how many of the newest failed and cancelled runs are kept. They do not count as completed ones.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Failed *int32 `json:"failed,omitempty"`

	// archive limits what the archive of the operator keeps of this Task's runs after they are removed here: their records and
	// logs. Without it, the operator's limits for the namespace hold. The operator applies both only if it has a retention for
	// the archive.
	// +optional
	Archive *ArchiveRetentionSpec `json:"archive,omitempty"`
}

// ArchiveRetentionSpec limits what the archive keeps of the runs of a Task.
type ArchiveRetentionSpec struct {
	// ttl is how long a run is kept after it ended.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1h')",message="ttl must be at least 1h"
	TTL *metav1.Duration `json:"ttl,omitempty"`
	// maxBytes is how many bytes of logs are kept. The newest runs are kept.
	// +optional
	// +kubebuilder:validation:XValidation:rule="string(self).matches('^[0-9.]{1,20}([kKMGTP]i?|[eE][+]?[0-9]{1,2})?$') && isQuantity(string(self)) && quantity(string(self)).compareTo(quantity('1Mi')) >= 0",message="maxBytes must be at least 1Mi"
	MaxBytes *resource.Quantity `json:"maxBytes,omitempty"`
}

// TaskList is a list of Tasks.
//
// +kubebuilder:object:root=true
type TaskList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Task `json:"items"`
}
