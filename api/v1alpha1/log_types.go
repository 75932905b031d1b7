package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LogLevel of an entry.
//
// +kubebuilder:validation:Enum=debug;info;warn;error
type LogLevel string

// The levels, as the REST API documents them.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// LogEntry is one line of a container's log, or one lifecycle message of the controller.
type LogEntry struct {
	// timestamp of the line as the kubelet took it, or of the event, with six digits after the point.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	Timestamp metav1.MicroTime `json:"timestamp"`
	Level     LogLevel         `json:"level"`
	Message   string           `json:"message"`
	// container that printed the line, when it is not the task's own: an init container.
	// +optional
	Container string `json:"container,omitempty"`
	// index of the pod that printed the line, where the Job is Indexed.
	// +optional
	Index *int32 `json:"index,omitempty"`
	// data holds the other fields of a structured line, an object.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Data *apiextensionsv1.JSON `json:"data,omitempty"`
}

// LogSummary says how much log a run printed and how much of it is in logs. It counts the task's own container
// and the init containers, over all attempts; sidecars are archived and not counted.
type LogSummary struct {
	// entries is how many lines the containers printed, as far as they were read.
	Entries int64 `json:"entries"`
	// bytes the containers printed, as far as they were read.
	Bytes int64 `json:"bytes"`
	// droppedEntries of those are no longer in logs, because the tail is bounded.
	// +optional
	DroppedEntries int64 `json:"droppedEntries,omitempty"`
	// complete tells whether everything that the containers printed was read and, where there is an archive,
	// archived.
	Complete bool `json:"complete"`
	// archived tells whether the archive has all that was read.
	// +optional
	Archived bool `json:"archived,omitempty"`
	// reason, when it is not complete.
	// +optional
	Reason string `json:"reason,omitempty"`
}
