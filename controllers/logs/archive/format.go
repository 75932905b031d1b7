// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package archive keeps the whole raw logs of executions in a bucket, and reads them again.
//
// The log of a container run is kept as the kubelet served it: each line begins with its timestamp and a space. The log
// is cut into parts that are written once and never changed. Each execution has an index, which lists the parts, their
// numbers of lines and bytes, and the gaps. The keys:
//
//	<namespace>/<execution's UID>/index.json
//	<namespace>/<execution's UID>/<pod>/<container>/<restart>/<number of the part>.log
package archive

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/logs/source"
)

// indexVersion is the version of the format. A reader that finds a higher one returns an error.
const indexVersion = 1

// Execution identifies the execution of a log.
type Execution struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
}

// Index is the index of the archive of one execution. It is replaced after parts were uploaded. Each listed part
// exists. A part that is not listed was written last.
type Index struct {
	Version int `json:"version"`
	// Cluster is the UID of the cluster's namespace kube-system. It is empty if the controller did not know it, and in
	// indexes of earlier versions.
	Cluster string `json:"cluster,omitempty"`
	Execution
	// Streams are in the order in which their containers started.
	Streams []Stream `json:"streams"`
	// Redacted means that the values of sensitive params were removed.
	Redacted bool `json:"redacted,omitempty"`
	// Ended means that nothing follows.
	Ended bool `json:"ended,omitempty"`
}

// StreamID identifies one container run among those of all pods of an execution.
type StreamID struct {
	Pod       string    `json:"pod"`
	PodUID    types.UID `json:"podUID"`
	Container string    `json:"container"`
	Restart   int32     `json:"restart"`
	// ContainerID is the runtime's.
	ContainerID string `json:"containerID"`
}

// Stream is the log of one container run.
type Stream struct {
	StreamID
	Role      source.Role `json:"role"`
	StartedAt time.Time   `json:"startedAt"`
	// Place is the container's place in its pod. Containers that started within one second started in this order.
	Place int `json:"place,omitempty"`
	// Index is the index that the pod worked on, if its Job was Indexed.
	Index *int32 `json:"index,omitempty"`
	Parts []Part `json:"parts,omitempty"`
	Gaps  []Gap  `json:"gaps,omitempty"`
	// Ended means that the container ended and its log was read to its end.
	Ended bool `json:"ended,omitempty"`
}

// Part is a part of a stream: one object in the bucket. A line that is longer than a part continues in the next part.
type Part struct {
	// Lines counts the lines that begin in this part.
	Lines int64 `json:"lines"`
	// Bytes is the size of the object, with timestamps.
	Bytes int64 `json:"bytes"`
	// First and Last are the earliest and the latest timestamp of the lines that begin in this part, or zero if no line
	// does.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Continues means that the part begins within a line of the part before.
	Continues bool `json:"continues,omitempty"`
}

// Gap is what is missing from a stream.
type Gap struct {
	// AfterLine is how many lines of the stream are before the gap.
	AfterLine int64 `json:"afterLine"`
	// At is the timestamp of the line before the gap, or zero if there is none.
	At time.Time `json:"at"`
	// Lines and Bytes are the missing ones, as far as they were counted, or zero if that is unknown.
	Lines int64 `json:"lines,omitempty"`
	Bytes int64 `json:"bytes,omitempty"`
	// Reason is a reason of the condition LogsCaptured.
	Reason string `json:"reason"`
}

// Lines returns how many lines of the stream are archived.
func (s *Stream) Lines() (n int64) {
	for i := range s.Parts {
		n += s.Parts[i].Lines
	}
	return n
}

// Bytes returns how many bytes of the stream are archived, timestamps included.
func (s *Stream) Bytes() (n int64) {
	for i := range s.Parts {
		n += s.Parts[i].Bytes
	}
	return n
}

// IDOf returns the identity of a container run.
func IDOf(c *source.ContainerRun) StreamID {
	return StreamID{Pod: c.Pod, PodUID: c.PodUID, Container: c.Container, Restart: c.Restart, ContainerID: c.ContainerID}
}

// order returns the stream's place among the streams of its execution.
func (s *Stream) order() source.Order {
	return source.Order{StartedAt: s.StartedAt, Pod: s.Pod, Place: s.Place, Container: s.Container, Restart: s.Restart}
}

func (e *Execution) prefix() string { return fmt.Sprintf("%s/%s/", e.Namespace, e.UID) }

func (e *Execution) indexKey() string { return e.prefix() + "index.json" }

func (e *Execution) partKey(s *StreamID, number int) string {
	return fmt.Sprintf("%s%s/%s/%d/%08d.log", e.prefix(), s.Pod, s.Container, s.Restart, number)
}
