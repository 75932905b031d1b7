// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// staleFor is how long the caches are stale.
const staleFor = time.Minute

// allWatched are the resources that the operator decides on.
var allWatched = []string{"tasks", "taskexecutions", "jobs", "pods"}

// From its request for the Job on, the operator's caches are stale for a minute: they show neither the Job nor its own
// writes. It keeps reconciling, and creates nothing twice.
func TestCase2CacheStaleAfterTheJobWasMade(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	s := &stage{ns, newWitness(t, ns)}
	w := &wire{}
	var once sync.Once
	w.before = func(r *http.Request) {
		if r.Method == http.MethodPost && resourceOf(r) == "jobs" && r.URL.Query().Get("dryRun") == "" {
			once.Do(func() { w.stale(allWatched...) })
		}
	}
	w.operator(t, ns)
	create(t, newTask(ns))
	create(t, newExecution(ns))
	job := s.job(t, "run")
	s.is(t, "run", v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	pod := podOf(t, job)
	runs(t, pod)
	<-time.After(staleFor)
	if made := w.count("POST jobs"); made != 1 {
		t.Errorf("it asked for a Job %d times: %s", made, w)
	}
	if n := w.count("PUT taskexecutions/status") + w.count("PATCH taskexecutions/status"); n != 1 {
		t.Errorf("it wrote the status %d times on what it saw last: %s", n, w)
	}
	w.fresh(allWatched...)
	s.is(t, "run", v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	s.is(t, "run", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if n := len(jobs(t, ns)); n != 1 {
		t.Errorf("%d Jobs", n)
	}
}

// staged returns a namespace with an operator whose caches can be made stale.
func staged(t *testing.T) (*stage, *wire) {
	t.Helper()
	ns := namespace(t)
	s, w := &stage{ns, newWitness(t, ns)}, &wire{}
	w.operator(t, ns)
	return s, w
}

// withoutPods creates a run that has a Job. The operator's cache shows none of its pods.
func (s *stage) withoutPods(t *testing.T, w *wire) (*v1alpha1.TaskExecution, *batchv1.Job) {
	t.Helper()
	create(t, newTask(s.ns))
	e := newExecution(s.ns)
	create(t, e)
	job := s.job(t, "run")
	s.is(t, "run", v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	w.stale("pods")
	return e, job
}

// The operator's cache does not show an existing Task. No run waits for the Task or fails without it.
func TestCase2CacheWithoutTheTask(t *testing.T) {
	t.Parallel()
	s, w := staged(t)
	first := newTask(s.ns)
	first.Name = "first"
	create(t, first)
	eventually(t, "its watch of Tasks is up", func() (bool, any) {
		read(t, first)
		return first.Status.ObservedGeneration == 1, first.Status
	})
	w.stale("tasks")
	create(t, newTask(s.ns))
	create(t, newExecution(s.ns))
	s.completes(t, "run")
	s.is(t, "run", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
}

// The operator sees the Job's end but no pod until the run ends. The run still has the pod's exit code.
func TestCase2CacheWithoutThePod(t *testing.T) {
	t.Parallel()
	s, w := staged(t)
	e, job := s.withoutPods(t, w)
	exits(t, podOf(t, job), 3, "")
	ends(t, job, batchv1.JobFailed)
	s.is(t, "run", v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit)
	if captured := capturedLog(t, e); captured.Reason == v1alpha1.ReasonLogsNoContainer || *e.Status.ExitCode != 3 {
		t.Errorf("exit code %d, log %+v", *e.Status.ExitCode, captured)
	}
}

// A cancelled run has a started container, and the operator's cache has no pod of it. The pod is told to stop, and the
// run waits for it.
func TestCase2CacheWithoutThePodOfACancelledRun(t *testing.T) {
	t.Parallel()
	s, w := staged(t)
	e, job := s.withoutPods(t, w)
	pod := podOf(t, job)
	runs(t, pod)
	cancel(t, e)
	s.told(t, pod, v1alpha1.ReasonCancelled)
	w.fresh("pods")
	exits(t, pod, 143, "DeadlineExceeded")
	s.is(t, "run", v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	if captured := capturedLog(t, e); captured.Reason != v1alpha1.ReasonLogsComplete || *e.Status.ExitCode != 143 {
		t.Errorf("exit code %d, log %+v", *e.Status.ExitCode, captured)
	}
}

// The operator's cache shows a waiting run that another operator has already finished and whose Job is cleaned up.
// Neither the cache nor a Job of that name shows this. The operator still does not run it again.
func TestCase2CacheStaleSinceBeforeTheRun(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	s := &stage{ns, newWitness(t, ns)}
	w := &wire{}
	var cache client.Client
	behind := operation{config: w.config(apiServer), namespace: ns}
	behind.wrap = func(mgr ctrl.Manager) ctrl.Manager {
		cache = mgr.GetClient()
		return mgr
	}
	behind.runs(t)
	e := newExecution(ns)
	create(t, e)
	s.is(t, "run", v1alpha1.PhasePending, v1alpha1.ReasonTaskNotFound)
	eventually(t, "its cache shows that it waits", func() (bool, any) {
		cached := newExecution(ns)
		err := cache.Get(t.Context(), client.ObjectKeyFromObject(cached), cached)
		return err == nil && cached.Status.Phase == v1alpha1.PhasePending, cached.Status
	})
	w.stale(allWatched...)

	other := &wire{}
	stop := other.operator(t, ns)
	create(t, newTask(ns))
	s.completes(t, "run")
	s.is(t, "run", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	capturedLog(t, e)
	stop()
	job := jobOf(t, e)
	remove(t, job)
	s.until(t, "the Job is gone", func() (bool, any) {
		left := all[*batchv1.Job](s.witness)
		return len(left) == 0, left
	})
	read(t, e)
	version := e.ResourceVersion

	w.fresh("tasks") // from the caches alone, the run could start now
	eventually(t, "it asked for the run as it is", func() (bool, any) { return w.count("GET taskexecutions") > 2, w.String() })
	<-time.After(staleFor)
	w.fresh(allWatched...)
	eventually(t, "its cache shows the end", func() (bool, any) {
		cached := newExecution(ns)
		err := cache.Get(t.Context(), client.ObjectKeyFromObject(cached), cached)
		return err == nil && cached.Status.Phase == v1alpha1.PhaseCompleted, cached.Status
	})
	if made := w.count("POST jobs"); made != 0 || len(jobs(t, ns)) != 0 {
		t.Errorf("it asked for %d Jobs of a run that was over: %s", made, w)
	}
	if read(t, e); e.ResourceVersion != version {
		t.Errorf("a finished run was written to: %+v", e.Status)
	}
	t.Log(w)
}
