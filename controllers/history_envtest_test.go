// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
)

func TestFiguresOfATask(t *testing.T) {
	ns := namespace(t)
	operator(t, func(o *controllers.Options) { o.HistoryPace = 50 * time.Millisecond })
	task := newTask(ns)
	create(t, task)
	figures := func(what string, want func(s v1alpha1.TaskStatus) bool) {
		t.Helper()
		eventually(t, "the Task's status tells of "+what, func() (bool, any) {
			read(t, task)
			return want(task.Status), task.Status
		})
	}
	ready := func(s v1alpha1.TaskStatus) bool {
		return apimeta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionReady) && s.ObservedGeneration == 1
	}
	figures("a Task that is ready", ready)
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	figures("a run that waits", func(s v1alpha1.TaskStatus) bool { return s.Pending == 1 && s.LastExecution.Name == e.Name })
	runs(t, pod)
	figures("a run that runs", func(s v1alpha1.TaskStatus) bool { return s.Pending == 0 && s.Running == 1 })
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	figures("a run that completed", func(s v1alpha1.TaskStatus) bool {
		return s.Running == 0 && s.Totals.Completed == 1 && s.LastExecution.Phase == v1alpha1.PhaseCompleted &&
			s.Durations != nil && s.Durations.Runs == 1 && s.Durations.P95.Duration >= 0
	})
	if !ready(task.Status) {
		t.Errorf("Ready was lost: %+v", task.Status)
	}
	if err := kube.Delete(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	figures("no run", func(s v1alpha1.TaskStatus) bool {
		return s.Totals.Completed == 0 && s.LastExecution == nil && s.Durations == nil
	})
}

// A Task's status is written at most once per pace, however many runs change.
func TestFiguresAreWrittenAtAPace(t *testing.T) {
	ns := namespace(t)
	const pace = time.Second
	operator(t, func(o *controllers.Options) { o.HistoryPace = pace })
	task := newTask(ns)
	create(t, task)
	writes, err := kube.Watch(t.Context(), &v1alpha1.TaskList{}, client.InNamespace(ns))
	if err != nil {
		t.Fatal(err)
	}
	defer writes.Stop()
	begin := time.Now()
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		e := newExecution(ns)
		e.Name = name
		create(t, e)
		job := jobOf(t, e)
		exits(t, podOf(t, job), 0, "")
		ends(t, job, batchv1.JobComplete)
	}
	n := 0
	for event := range writes.ResultChan() {
		if seen, ok := event.Object.(*v1alpha1.Task); ok && event.Type == "MODIFIED" {
			n++
			if seen.Status.Totals.Completed == 6 {
				break
			}
		}
	}
	if most := int(time.Since(begin)/pace) + 2; n > most { // one of them sets Ready
		t.Errorf("%d writes in %s, want at most %d", n, time.Since(begin), most)
	}
}
