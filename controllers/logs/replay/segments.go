// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package replay reads an execution's log line by line from any position: first the archive, and then the rest from the
// pods.
package replay

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// Segment is the log of one container run.
type Segment struct {
	ID        archive.StreamID
	Role      source.Role
	StartedAt time.Time
	// Place is the container's place in its pod.
	Place int
	// Attempt counts the pods of a run, and the starts of a container in them, from 1. Each index of an Indexed Job has
	// its own count.
	Attempt int
	// Index is the index that the pod worked on if its Job was Indexed, or nil.
	Index *int32

	// archived is the stream's position in the index, or -1 if it is not there.
	archived int
	// live is the container run whose log can be read, or nil if its pod is gone.
	live *source.ContainerRun
}

// order returns the segment's place among the segments of its execution.
func (s *Segment) order() source.Order {
	return source.Order{StartedAt: s.StartedAt, Pod: s.ID.Pod, Place: s.Place, Container: s.ID.Container, Restart: s.ID.Restart}
}

// Selection selects segments. The zero value selects the main container and the init containers.
type Selection struct {
	// Container is the container's name.
	Container string
	// Attempt counts from 1. 0 means all.
	Attempt int
}

// Segments returns the selected container runs whose logs are archived or can be read from pods, in the order in which
// they started.
func Segments(ix *archive.Index, pods []corev1.Pod, s Selection) []Segment {
	var all []Segment
	place := map[archive.StreamID]int{}
	if ix != nil {
		for i := range ix.Streams {
			a := &ix.Streams[i]
			place[a.StreamID] = len(all)
			all = append(all, Segment{ID: a.StreamID, Role: a.Role, StartedAt: a.StartedAt, Place: a.Place, Index: a.Index, archived: i})
		}
	}
	for i := range pods {
		runs := source.RunsOf(&pods[i], mainContainer(&pods[i]))
		for j := range runs {
			run := &runs[j]
			id := archive.IDOf(run)
			at, known := place[id]
			if !known {
				at = len(all)
				all = append(all, Segment{ID: id, Role: run.Role, StartedAt: run.StartedAt, Place: run.Place, Index: run.Index, archived: -1})
			}
			all[at].live = run
		}
	}
	slices.SortStableFunc(all, func(a, b Segment) int { return a.order().Compare(b.order()) })
	number(all)
	return slices.DeleteFunc(all, func(one Segment) bool {
		switch {
		case s.Attempt > 0 && one.Attempt != s.Attempt:
			return true
		case s.Container != "":
			return one.ID.Container != s.Container
		default:
			return one.Role == source.Sidecar
		}
	})
}

// number sets the attempts. Each pod is an attempt, and so is each further start of a container in it. Each index of an
// Indexed Job has its own attempts.
func number(all []Segment) {
	first := map[types.UID]int{} // attempt of a pod's first start
	next := map[int32]int{}      // by index, or -1 without one
	starts := map[archive.StreamID]int{}
	for i := range all {
		s := &all[i]
		index := ptr.Deref(s.Index, -1)
		if _, known := first[s.ID.PodUID]; !known {
			next[index] = max(next[index], 1)
			first[s.ID.PodUID] = next[index]
			next[index]++
		}
		container := archive.StreamID{PodUID: s.ID.PodUID, Container: s.ID.Container}
		s.Attempt = first[s.ID.PodUID] + starts[container]
		starts[container]++
		next[index] = max(next[index], s.Attempt+1)
	}
}

// mainContainer returns the name of a pod's main container, which the controller wrote into an annotation.
func mainContainer(pod *corev1.Pod) string {
	if name := pod.Annotations[v1alpha1.AnnotationLogContainer]; name != "" || len(pod.Spec.Containers) == 0 {
		return name
	}
	return pod.Spec.Containers[0].Name
}
