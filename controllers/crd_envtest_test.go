// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func object(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

func TestTaskIsValidatedByItsCRD(t *testing.T) {
	ns := namespace(t)
	for name, c := range map[string]struct {
		change func(*v1alpha1.TaskSpec)
		says   string
	}{
		"timeout under a second":      {func(s *v1alpha1.TaskSpec) { s.Timeout = &metav1.Duration{Duration: time.Millisecond} }, "timeout must be at least 1s"},
		"startTimeout under a second": {func(s *v1alpha1.TaskSpec) { s.StartTimeout = &metav1.Duration{} }, "startTimeout must be at least 1s"},
		"queueTimeout under a second": {func(s *v1alpha1.TaskSpec) { s.QueueTimeout = &metav1.Duration{} }, "queueTimeout must be at least 1s"},
		"an unknown policy":           {func(s *v1alpha1.TaskSpec) { s.Concurrency = &v1alpha1.ConcurrencySpec{Policy: "Hope"} }, "policy"},
		"none at once":                {func(s *v1alpha1.TaskSpec) { s.Concurrency = &v1alpha1.ConcurrencySpec{MaxRunning: ptr.To[int32](0)} }, "maxRunning"},
		"a queue below none":          {func(s *v1alpha1.TaskSpec) { s.Concurrency = &v1alpha1.ConcurrencySpec{MaxQueued: ptr.To[int32](-1)} }, "maxQueued"},
		"a queue where nobody waits": {func(s *v1alpha1.TaskSpec) {
			s.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyForbid, MaxQueued: ptr.To[int32](1)}
		}, "maxQueued needs the policy Allow or Queue"},
		"negative retries":         {func(s *v1alpha1.TaskSpec) { s.Retries = -1 }, "retries"},
		"too small a tail":         {func(s *v1alpha1.TaskSpec) { s.Logs.MaxBytes = ptr.To(resource.MustParse("1")) }, "maxBytes must be from 1Ki to 256Ki"},
		"too large a tail":         {func(s *v1alpha1.TaskSpec) { s.Logs.MaxBytes = ptr.To(resource.MustParse("1Gi")) }, "maxBytes must be from 1Ki to 256Ki"},
		"too many entries":         {func(s *v1alpha1.TaskSpec) { s.Logs.MaxEntries = 100000 }, "maxEntries"},
		"retention under a second": {func(s *v1alpha1.TaskSpec) { s.Retention.TTL = &metav1.Duration{} }, "ttl must be at least 1s"},
		"fewer than no runs":       {func(s *v1alpha1.TaskSpec) { s.Retention.Failed = ptr.To[int32](-1) }, "retention.failed"},
		"restarts in place that are to be retried on disruption": {func(s *v1alpha1.TaskSpec) {
			s.RetryOnDisruption, s.JobTemplate.Spec.Template.Spec.RestartPolicy = true, corev1.RestartPolicyOnFailure
		}, "retryOnDisruption takes the restartPolicy Never"},
		"pods that replace those that still end on disruption": {func(s *v1alpha1.TaskSpec) {
			s.RetryOnDisruption, s.JobTemplate.Spec.PodReplacementPolicy = true, ptr.To(batchv1.TerminatingOrFailed)
		}, "retryOnDisruption takes the podReplacementPolicy Failed"},
		"parameters that are a list": {func(s *v1alpha1.TaskSpec) { s.Parameters = object(`[]`) }, "parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			task := newTask(ns)
			c.change(&task.Spec)
			if err := kube.Create(t.Context(), task); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
	task := newTask(ns)
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{MaxQueued: ptr.To[int32](0)}
	create(t, task)
	if got := task.Spec.Concurrency.Policy; got != v1alpha1.ConcurrencyAllow {
		t.Errorf("policy %q by default", got)
	}
	if r := task.Spec.Retention; r.TTL.Duration != 168*time.Hour || *r.Completed != 100 || *r.Failed != 100 {
		t.Errorf("defaults: %+v", r)
	}
	if task.Spec.StartTimeout.Duration != 5*time.Minute || task.Spec.Logs.MaxEntries != 100 || task.Spec.Logs.MaxBytes.String() != "16Ki" {
		t.Errorf("defaults: %+v", task.Spec)
	}
}

func TestExecutionIsImmutableButForItsCancel(t *testing.T) {
	ns := namespace(t)
	e := newExecution(ns)
	e.Spec.Params = object(`{"a":{"b":[1,2.5,"x"]}}`)
	e.Spec.Timeout = &metav1.Duration{Duration: time.Minute}
	create(t, e)
	if e.Spec.Trigger.Source != v1alpha1.TriggerKubectl {
		t.Errorf("trigger %q, want kubectl by default", e.Spec.Trigger.Source)
	}
	refused := map[string]struct {
		change func(*v1alpha1.TaskExecutionSpec)
		says   string
	}{
		"another task":           {func(s *v1alpha1.TaskExecutionSpec) { s.TaskRef.Name = "other" }, "taskRef is immutable"},
		"other params":           {func(s *v1alpha1.TaskExecutionSpec) { s.Params = object(`{"a":{"b":[1,2.5,"y"]}}`) }, "params are immutable"},
		"params taken away":      {func(s *v1alpha1.TaskExecutionSpec) { s.Params = nil }, "params are immutable"},
		"another trigger":        {func(s *v1alpha1.TaskExecutionSpec) { s.Trigger.User = "mallory" }, "trigger is immutable"},
		"another timeout":        {func(s *v1alpha1.TaskExecutionSpec) { s.Timeout.Duration = time.Hour }, "timeout is immutable"},
		"the timeout taken away": {func(s *v1alpha1.TaskExecutionSpec) { s.Timeout = nil }, "timeout is immutable"},
	}
	update := func(change func(*v1alpha1.TaskExecutionSpec)) error {
		read(t, e)
		changed := e.DeepCopy()
		change(&changed.Spec)
		return kube.Update(t.Context(), changed)
	}
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			if err := update(c.change); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
	if err := update(func(s *v1alpha1.TaskExecutionSpec) { s.Cancel = &v1alpha1.CancelRequest{} }); err != nil {
		t.Fatalf("cancelling: %v", err)
	}
	if read(t, e); e.Spec.Cancel == nil {
		t.Fatal("an empty cancel was dropped")
	}
	for name, change := range map[string]func(*v1alpha1.TaskExecutionSpec){
		"withdrawn": func(s *v1alpha1.TaskExecutionSpec) { s.Cancel = nil },
		"changed":   func(s *v1alpha1.TaskExecutionSpec) { s.Cancel.Reason = "other" },
	} {
		t.Run("cancel "+name, func(t *testing.T) {
			if err := update(change); err == nil || !strings.Contains(err.Error(), "cancel is final") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestExecutionIsValidatedByItsCRD(t *testing.T) {
	ns := namespace(t)
	for name, change := range map[string]func(*v1alpha1.TaskExecutionSpec){
		"no task":                func(s *v1alpha1.TaskExecutionSpec) { s.TaskRef.Name = "" },
		"unknown trigger":        func(s *v1alpha1.TaskExecutionSpec) { s.Trigger.Source = "carrier pigeon" },
		"params that are a list": func(s *v1alpha1.TaskExecutionSpec) { s.Params = object(`[1]`) },
		"params that are a text": func(s *v1alpha1.TaskExecutionSpec) { s.Params = object(`"x"`) },
		"timeout under a second": func(s *v1alpha1.TaskExecutionSpec) { s.Timeout = &metav1.Duration{} },
		"too long a cancel reason": func(s *v1alpha1.TaskExecutionSpec) {
			s.Cancel = &v1alpha1.CancelRequest{Reason: strings.Repeat("x", 2000)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExecution(ns)
			change(&e.Spec)
			if err := kube.Create(t.Context(), e); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}
