// Package replay reads an execution's log from wherever it is: what is archived from the archive, the rest from the
// pods that are still there, line by line, from any position on.
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
	// Place of the container in its pod.
	Place int
	// Attempt counts from 1: the pods of a run, and the starts of a container within them; of an Indexed Job those of
	// each index.
	Attempt int
	// Index that the pod worked on, where its Job was Indexed, nil elsewhere.
	Index *int32

	// archived is the stream's place in the index, -1 when it is not there.
	archived int
	// live is where the log can be read, nil when its pod is gone.
	live *source.ContainerRun
}

// order returns the segment's place among the segments of its execution.
func (s *Segment) order() source.Order {
	return source.Order{StartedAt: s.StartedAt, Pod: s.ID.Pod, Place: s.Place, Container: s.ID.Container, Restart: s.ID.Restart}
}

// Selection of segments. The zero value is the run's own story: its main container, and what ran before it.
type Selection struct {
	// Container by its name.
	Container string
	// Attempt from 1; 0 means all.
	Attempt int
}

// Segments lists the container runs of an execution whose logs are archived or can be read from its pods, those of
// the selection, in the order in which they started.
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

// number the attempts: each pod is one, and each start of a container in it after its first. Each index of an Indexed Job
// has attempts of its own.
func number(all []Segment) {
	first := map[types.UID]int{} // attempt of a pod's first start
	next := map[int32]int{}      // by index, -1 where there is none
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

// mainContainer of a pod, as the controller has written on it.
func mainContainer(pod *corev1.Pod) string {
	if name := pod.Annotations[v1alpha1.AnnotationLogContainer]; name != "" || len(pod.Spec.Containers) == 0 {
		return name
	}
	return pod.Spec.Containers[0].Name
}
