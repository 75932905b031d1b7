// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LogLevel is the level of a log entry.
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
	// timestamp is when the kubelet read the line, or when the event happened, in microseconds.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	Timestamp metav1.MicroTime `json:"timestamp"`
	Level     LogLevel         `json:"level"`
	Message   string           `json:"message"`
	// container is the init container that printed the line. It is absent for the task's own container.
	// +optional
	Container string `json:"container,omitempty"`
	// index is the completion index of the pod that printed the line, if the Job is Indexed.
	// +optional
	Index *int32 `json:"index,omitempty"`
	// data is an object with the other fields of a structured line.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Data *apiextensionsv1.JSON `json:"data,omitempty"`
}

// LogSummary says how much log a run printed and how much of it is in logs. It counts the task's own container and the init
// containers, over all attempts. Sidecars are archived and not counted.
type LogSummary struct {
	// entries is the number of lines that were read.
	Entries int64 `json:"entries"`
	// bytes is the number of bytes that were read.
	Bytes int64 `json:"bytes"`
	// droppedEntries is how many of the entries are no longer in logs, because the tail is limited.
	// +optional
	DroppedEntries int64 `json:"droppedEntries,omitempty"`
	// complete reports whether everything that the containers printed was read and, if there is an archive, archived.
	Complete bool `json:"complete"`
	// archived reports whether the archive has everything that was read.
	// +optional
	Archived bool `json:"archived,omitempty"`
	// reason says why the log is not complete.
	// +optional
	Reason string `json:"reason,omitempty"`
}
