// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle/invariant"
)

// witness watches each state of each object of a namespace, and fails the test if one breaks an invariant.
type witness struct {
	t *testing.T

	mu      sync.Mutex
	objects map[string]client.Object
	// hadJobs are all Jobs that each execution ever had.
	hadJobs map[types.UID][]types.UID
	states  int
	changed chan struct{} // closed and replaced after each event
}

// witnessed returns empty lists of the kinds that a witness watches.
func witnessed() []client.ObjectList {
	return []client.ObjectList{
		&v1alpha1.TaskExecutionList{}, &batchv1.JobList{}, &corev1.PodList{}, &v1alpha1.TaskList{}, &v1alpha1.TaskScheduleList{},
	}
}

func newWitness(t *testing.T, namespace string) *witness {
	t.Helper()
	w := &witness{t: t, objects: map[string]client.Object{}, hadJobs: map[types.UID][]types.UID{}, changed: make(chan struct{})}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var watchers sync.WaitGroup
	t.Cleanup(func() {
		stop()
		watchers.Wait()
	})
	for _, list := range witnessed() {
		events, err := kube.Watch(ctx, list, client.InNamespace(namespace))
		if err != nil {
			t.Fatal(err)
		}
		watchers.Go(func() {
			for event := range events.ResultChan() {
				if object, ok := event.Object.(client.Object); ok {
					w.sees(event.Type, object)
				}
			}
			if ctx.Err() == nil {
				t.Error("a watch ended before the test did")
			}
		})
	}
	return w
}

func keyOf(o client.Object) string { return fmt.Sprintf("%T %s", o, o.GetName()) }

func (w *witness) sees(eventType watch.EventType, object client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states++
	switch o := object.(type) {
	case *v1alpha1.TaskExecution:
		w.judge(o)
	case *batchv1.Job:
		w.count(o)
	}
	if w.objects[keyOf(object)] = object; eventType == watch.Deleted {
		delete(w.objects, keyOf(object))
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *witness) judge(e *v1alpha1.TaskExecution) {
	broken := invariant.Status(e)
	before, known := w.objects[keyOf(e)].(*v1alpha1.TaskExecution)
	if known && before.UID == e.UID {
		broken = append(broken, invariant.Step(before, e)...)
	}
	for _, promise := range broken {
		w.t.Errorf("execution %s, version %s: %s", e.Name, e.ResourceVersion, promise)
	}
}

// count counts Jobs: an execution has one in its life.
func (w *witness) count(job *batchv1.Job) {
	owner := metav1.GetControllerOf(job)
	if owner == nil {
		return
	}
	if had := w.hadJobs[owner.UID]; !slices.Contains(had, job.UID) {
		w.hadJobs[owner.UID] = append(had, job.UID)
		if len(had) > 0 {
			w.t.Errorf("execution %s has %d Jobs in its life", owner.Name, len(had)+1)
		}
	}
}

// settles waits for a condition as until does, and then until it holds for everything that the namespace has by now.
// Each kind has its own watch, and one may lag: the end of a run may be seen before the earlier end of its Job.
func (w *witness) settles(t *testing.T, namespace, what string, condition func() (done bool, seen any)) {
	t.Helper()
	w.until(t, what, condition)
	eventually(t, what+", and all there is was seen", func() (bool, any) {
		there, err := versions(t.Context(), namespace)
		if err != nil {
			return false, err.Error()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		seen := map[string]string{}
		for key, object := range w.objects {
			seen[key] = object.GetResourceVersion()
		}
		if !maps.Equal(there, seen) {
			return false, cmp.Diff(there, seen)
		}
		return condition()
	})
}

// versions returns the resourceVersions of all objects in the namespace of the kinds that a witness watches.
func versions(ctx context.Context, namespace string) (map[string]string, error) {
	versions := map[string]string{}
	for _, list := range witnessed() {
		if err := kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return nil, err
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			object, ok := item.(client.Object)
			if !ok {
				return fmt.Errorf("a %T is no object", item)
			}
			versions[keyOf(object)] = object.GetResourceVersion()
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return versions, nil
}

// until waits for a condition. It is evaluated with the lock held, after each event.
func (w *witness) until(t *testing.T, what string, condition func() (done bool, seen any)) {
	t.Helper()
	deadline := time.After(patience)
	for {
		w.mu.Lock()
		done, seen := condition()
		changed := w.changed
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-deadline:
			text, isText := seen.(string)
			if !isText {
				raw, _ := json.Marshal(seen)
				text = string(raw)
			}
			t.Fatalf("within %s it did not come true that %s; last seen: %s", patience, what, text)
		case <-changed:
		}
	}
}

// seen returns the last seen state of an object, or a zero object if there is none.
func seen[T client.Object](w *witness, name string) T {
	none, _ := reflect.New(reflect.TypeFor[T]().Elem()).Interface().(T)
	none.SetName(name)
	if o, ok := w.objects[keyOf(none)].(T); ok {
		return o
	}
	return none
}

// all returns all objects of a kind, ordered by name.
func all[T client.Object](w *witness) (out []T) {
	for _, key := range slices.Sorted(maps.Keys(w.objects)) {
		if o, ok := w.objects[key].(T); ok {
			out = append(out, o)
		}
	}
	return out
}
