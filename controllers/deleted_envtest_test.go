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
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// An execution is deleted while the request to create its Job is in flight. The late Job has an owner that no longer
// exists, so the garbage collector deletes it (the end-to-end test covers that). The operator does not create it again.
func TestCase7DeletedWhileItsJobIsMade(t *testing.T) {
	ns := namespace(t)
	s := &stage{ns, newWitness(t, ns)}
	asked, letGo := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w := &wire{before: func(r *http.Request) {
		if r.Method == http.MethodPost && resourceOf(r) == "jobs" && r.URL.Query().Get("dryRun") == "" {
			once.Do(func() { close(asked) })
			<-letGo
		}
	}}
	w.operator(t, ns)
	goOn := sync.OnceFunc(func() { close(letGo) })
	t.Cleanup(goOn)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	<-asked
	remove(t, e)
	s.until(t, "the execution is gone", func() (bool, any) {
		left := all[*v1alpha1.TaskExecution](s.witness)
		return len(left) == 0, left
	})
	goOn()
	job := s.job(t, "run")
	if !metav1.IsControlledBy(job, e) {
		t.Errorf("the Job belongs to %+v", job.OwnerReferences)
	}
	remove(t, job)
	another := named(t, ns, "another")
	s.completes(t, "another")
	reaches(t, another, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if n := w.count("POST jobs 201"); n != 2 || len(jobs(t, ns)) != 1 {
		t.Errorf("%d Jobs were made for two executions, and %d are left: %s", n, len(jobs(t, ns)), w)
	}
}

// quietFor is how long the operator must make no request for an empty namespace.
const quietFor = 20 * time.Second

// A namespace is deleted with a running and a waiting execution. What can end ends. The operator retries a refused
// creation with a backoff. When everything is gone, it makes no more requests.
func TestCase10NamespaceDeletedWithActiveRuns(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	s, w := &stage{ns, newWitness(t, ns)}, &wire{}
	w.operator(t, ns)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	named(t, ns, "active")
	job, pod := s.runs(t, "active")
	named(t, ns, "waits")
	s.is(t, "waits", v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	remove(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
	eventually(t, "the namespace is being deleted", func() (bool, any) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}
		read(t, namespace)
		return namespace.DeletionTimestamp != nil, namespace.Status
	})
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	s.is(t, "active", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	s.is(t, "waits", v1alpha1.PhasePending, v1alpha1.ReasonJobRefused)
	before := w.count("")
	<-time.After(quietFor)
	if tries, asked := w.count("POST jobs"), w.count("")-before; tries > 1+3 || tries < 2 || asked > 20 {
		t.Errorf("in %s it asked for a Job %d times, and for anything %d times: %s", quietFor, tries, asked, w)
	}
	remove(t, job)
	before = w.count("GET pods 200") // the last request: may pods of the deleted run go on?
	clearAway(t, ns)                 // as the namespace controller does
	s.until(t, "nothing is left", func() (bool, any) { return len(s.objects) == 0, len(s.objects) })
	eventually(t, "it has looked at what is gone", func() (bool, any) { return w.count("GET pods 200") > before, w.String() })
	settled := w.count("")
	<-time.After(quietFor)
	if asked := w.count("") - settled; asked > 2 {
		t.Errorf("in %s it asked %d times for what is in a namespace that is empty: %s", quietFor, asked, w)
	}
}
