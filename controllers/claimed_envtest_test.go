// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Without the admission policies, anybody can write an origin onto an execution. It is recorded as Claimed. An absent
// origin is not recorded.
func TestCase44ForgedOriginIsClaimed(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	forged := newExecution(ns)
	forged.Name = "forged"
	forged.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerManual, User: "ann"}
	create(t, forged)
	plain := named(t, ns, "plain")
	operation{config: apiServer, namespace: ns}.runs(t)
	reaches(t, forged, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	reaches(t, plain, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	if forged.Status.Origin != v1alpha1.OriginClaimed || plain.Status.Origin != "" {
		t.Errorf("the forged one is %q, the other %q", forged.Status.Origin, plain.Status.Origin)
	}
}

// A user who creates executions with kubectl gets no longer timeout and no other queue than the Task allows.
func TestCase57RunOfKubectlIsJudged(t *testing.T) {
	ns := namespace(t)
	task := newTask(ns)
	task.Spec.Timeout, task.Spec.MaxTimeout = &metav1.Duration{Duration: time.Minute}, &metav1.Duration{Duration: time.Hour}
	task.Spec.AllowedQueues = []string{"slow"}
	create(t, task)
	made := func(name string, change func(*v1alpha1.TaskExecution)) *v1alpha1.TaskExecution {
		e := newExecution(ns)
		e.Name = name
		change(e)
		create(t, e)
		return e
	}
	timeout := func(d time.Duration) func(*v1alpha1.TaskExecution) {
		return func(e *v1alpha1.TaskExecution) { e.Spec.Timeout = &metav1.Duration{Duration: d} }
	}
	queue := func(name string) func(*v1alpha1.TaskExecution) {
		return func(e *v1alpha1.TaskExecution) { e.Labels = map[string]string{v1alpha1.LabelKueueQueue: name} }
	}
	longer, slow := made("longer", timeout(time.Hour)), made("slow", queue("slow"))
	tooLong, fast := made("too-long", timeout(time.Hour+time.Second)), made("fast", queue("fast"))
	operation{config: apiServer, namespace: ns}.runs(t)
	for _, e := range []*v1alpha1.TaskExecution{longer, slow} {
		reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	}
	for _, e := range []*v1alpha1.TaskExecution{tooLong, fast} {
		reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonNotAllowedByTask)
	}
	if found := jobs(t, ns); len(found) != 2 {
		t.Errorf("%d Jobs were made", len(found))
	}
}
