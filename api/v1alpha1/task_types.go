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
	// A Task that nobody has judged says so to kstatus by the generation -1.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status TaskStatus `json:"status,omitempty"`

	// Undecoded are the fields that could not be decoded. They are not part of the resource.
	// +optional
	Undecoded Undecoded `json:"-"`
}

// TaskSpec is what the author of a Task decides. A change concerns runs that start later; a run that has
// its Job keeps the limits that it started with.
//
// Defaults of durations are written as Go writes them (5m0s), so that a client that reads a Task and writes it back
// changes nothing: a change would be a new generation.
//
// +kubebuilder:validation:XValidation:rule="!has(self.retryOnDisruption) || !self.retryOnDisruption || !has(self.jobTemplate.spec) || !has(self.jobTemplate.spec.template.spec) || !has(self.jobTemplate.spec.template.spec.restartPolicy) || self.jobTemplate.spec.template.spec.restartPolicy == 'Never'",message="retryOnDisruption takes the restartPolicy Never: a pod that restarts its containers in place has no podFailurePolicy",fieldPath=".retryOnDisruption"
// +kubebuilder:validation:XValidation:rule="!has(self.retryOnDisruption) || !self.retryOnDisruption || !has(self.jobTemplate.spec) || !has(self.jobTemplate.spec.podReplacementPolicy) || self.jobTemplate.spec.podReplacementPolicy == 'Failed'",message="retryOnDisruption takes the podReplacementPolicy Failed: a replacement waits until the disrupted pod has ended",fieldPath=".retryOnDisruption"
// +kubebuilder:validation:XValidation:rule="!has(self.jobTemplate.spec) || !has(self.jobTemplate.spec.manualSelector) || !self.jobTemplate.spec.manualSelector",message="manualSelector: true is not possible: the runs of a Task would share one selector, and each would count the pods of the others; leave out manualSelector and selector",fieldPath=".jobTemplate.spec.manualSelector"
type TaskSpec struct {
	// description tells people what the task is for.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// parameters is the JSON Schema (draft 2020-12) that the params of a run must satisfy. Its defaults are
	// applied. Without it a run may pass any object. A scalar property at its top with writeOnly: true is
	// sensitive: its value is kept in a Secret.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`

	// timeout bounds a run from the start of its first container, over all its attempts. Without it a run
	// may take for ever.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="timeout must be at least 1s"
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// maxTimeout is the longest timeout that a run or a schedule may ask for. Without it they may only ask for less than
	// timeout, or for any where there is no timeout. Where it is set and timeout is not, it is the timeout of a run that asks
	// for none.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="maxTimeout must be at least 1s"
	MaxTimeout *metav1.Duration `json:"maxTimeout,omitempty"`

	// startTimeout bounds the time from the creation of the Job, or from when a Job that was suspended is let go,
	// until a container runs: scheduling, quota and image pulls. It also bounds the time from the end of an init
	// container, and from when another attempt's pod is made, until the next container runs.
	// +optional
	// +kubebuilder:default="5m0s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="startTimeout must be at least 1s"
	StartTimeout *metav1.Duration `json:"startTimeout,omitempty"`

	// queueTimeout bounds the time from the creation of a run until its Job may be created and, where Kueue or
	// somebody else holds that Job suspended, until it is let go. Without it a run may wait for ever.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="queueTimeout must be at least 1s"
	QueueTimeout *metav1.Duration `json:"queueTimeout,omitempty"`

	// concurrency bounds how many runs of this task there are at once. Without it there is no bound.
	// +optional
	Concurrency *ConcurrencySpec `json:"concurrency,omitempty"`

	// allowedQueues are the queues of Kueue that a run may choose by its label kueue.x-k8s.io/queue-name, where the
	// jobTemplate has no such label. Without them it may choose none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	AllowedQueues []string `json:"allowedQueues,omitempty"`

	// suspended refuses new runs. Those that are there, waiting or running, go on.
	// +optional
	Suspended bool `json:"suspended,omitempty"`

	// retries is how often a failed attempt is tried again, in a new pod. It becomes the Job's backoffLimit
	// where the template sets none.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Retries int32 `json:"retries,omitempty"`

	// retryOnDisruption has an attempt that the platform ended (the pod's condition DisruptionTarget: eviction,
	// preemption, a node that shut down or is gone) tried again without counting against retries. Only the
	// timeout bounds how often. The Job gets a podFailurePolicy for it, after the rules that the template has.
	// It takes the restartPolicy Never.
	// +optional
	RetryOnDisruption bool `json:"retryOnDisruption,omitempty"`

	// allowParamsInCommand permits $(TASK_PARAMS) and $(TASK_PARAM_<NAME>) in command, args, exec probes and subPathExpr.
	// Kubernetes replaces them by what the caller sent, so that a shell there runs it, or it chooses the folder that is
	// mounted. Without this, such a Task is not Ready.
	// +optional
	AllowParamsInCommand bool `json:"allowParamsInCommand,omitempty"`

	// logs says which container's log is mirrored onto the execution, and how much of it.
	// +optional
	// +kubebuilder:default={}
	Logs LogsSpec `json:"logs,omitempty"`

	// retention bounds the history of runs that were asked for over REST or by the operator itself. A run that
	// kubectl, Argo CD or Flux made is not removed by it: who declared it would make it again.
	// +optional
	// +kubebuilder:default={}
	Retention RetentionSpec `json:"retention,omitempty"`

	// jobTemplate is the Job that a run becomes, exactly as in a CronJob. Of its metadata, and of that of its pod template,
	// labels and annotations reach the Job and its pods, and the finalizers of the pod template its pods. What the API
	// server adds to a Job (selector, labels such as controller-uid) is taken off one that was copied. Params reach its containers as
	// environment only: TASK_NAME, TASK_EXECUTION_ID, TASK_PARAMS (JSON, without the sensitive ones) and
	// TASK_PARAM_<NAME> for each top-level scalar whose name gives a variable that no other param claims.
	// +required
	JobTemplate batchv1.JobTemplateSpec `json:"jobTemplate"`
}

// LogArchive says how the whole log of a run is kept in the archive.
//
// +kubebuilder:validation:Enum=raw;redacted
type LogArchive string

// The ways to archive a log.
const (
	// LogArchiveRaw keeps each byte that was printed, the values of sensitive params too. It is the default.
	LogArchiveRaw LogArchive = "raw"
	// LogArchiveRedacted keeps it without the values of sensitive params.
	LogArchiveRedacted LogArchive = "redacted"
)

// LogsSpec bounds the tail of the log that is kept on the execution, and says how the whole log is archived.
type LogsSpec struct {
	// archive says how the whole log is kept where the operator has an archive: "raw", each byte as it was printed, which
	// is the default; or "redacted", without the values of sensitive params (writeOnly) in the forms in which programs
	// commonly print them. The REST API then does not read the log of a run's pods, only what is archived. It holds for
	// runs that start after it was set.
	// +optional
	Archive LogArchive `json:"archive,omitempty"`

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
	// +kubebuilder:validation:XValidation:rule="string(self).matches('^[0-9.]{1,20}([kKM]i?|[eE][+]?[0-9]{1,2})?$') && isQuantity(string(self)) && quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('256Ki')) <= 0",message="maxBytes must be from 1Ki to 256Ki"
	MaxBytes *resource.Quantity `json:"maxBytes,omitempty"`
}

// RetentionSpec says how long and how many finished runs are kept, once it is decided whether their log is whole.
type RetentionSpec struct {
	// ttl is how long a run is kept after it ended.
	// +optional
	// +kubebuilder:default="168h0m0s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+$|^0$') && duration(self) >= duration('1s')",message="ttl must be at least 1s"
	TTL *metav1.Duration `json:"ttl,omitempty"`

	// completed is how many runs that completed are kept, the newest. A run is kept for ten minutes whatever
	// their number is, so that who waits for it can read it.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Completed *int32 `json:"completed,omitempty"`

	// failed is how many runs that failed or were cancelled are kept, the newest, beside those that completed.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Failed *int32 `json:"failed,omitempty"`
}

// TaskList is a list of Tasks.
//
// +kubebuilder:object:root=true
type TaskList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Task `json:"items"`
}
