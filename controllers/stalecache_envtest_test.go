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

// staleFor is how long the caches show nothing new.
const staleFor = time.Minute

// allWatched is what the operator decides on.
var allWatched = []string{"tasks", "taskexecutions", "jobs", "pods"}

// From the moment in which it asks for the Job, the operator sees nothing more for a minute: neither that the Job is
// there nor what it wrote itself. It looks again all the time, and makes nothing twice.
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

// staged is a namespace with an operator whose cache can be made stale.
func staged(t *testing.T) (*stage, *wire) {
	t.Helper()
	ns := namespace(t)
	s, w := &stage{ns, newWitness(t, ns)}, &wire{}
	w.operator(t, ns)
	return s, w
}

// withoutPods makes a run whose Job is there, and of whose pods the operator's cache shows nothing.
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

// A Task that the operator's cache does not show is there all the same: no run waits for it, nor ends without it.
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

// The Job's end is seen, and nothing of its pods for as long as the run takes to end: the run has their exit code all the same.
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

// A run is cancelled whose container started, and the operator's cache has no pod of it: it is told to stop and waited for.
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

// An operator whose cache shows a run that waits still, while another has run it to its end and its Job was cleaned up:
// nothing in its cache, and no Job under the name, keep it from running it again.
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

	w.fresh("tasks") // and now it could be run, for all that it sees
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
