// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
)

func TestExecutionOfJob(t *testing.T) {
	for name, c := range map[string]struct {
		owner *metav1.OwnerReference
		want  string
	}{
		"ours":            {&metav1.OwnerReference{APIVersion: "taskexec.dev/v1alpha1", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, "ns/run"},
		"a later version": {&metav1.OwnerReference{APIVersion: "taskexec.dev/v1", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, "ns/run"},
		"no controller":   {&metav1.OwnerReference{APIVersion: "taskexec.dev/v1alpha1", Kind: "TaskExecution", Name: "run"}, ""},
		"another group":   {&metav1.OwnerReference{APIVersion: "other.dev/v1", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, ""},
		"of a CronJob":    {&metav1.OwnerReference{APIVersion: "batch/v1", Kind: "CronJob", Name: "run", Controller: ptr.To(true)}, ""},
		"no such version": {&metav1.OwnerReference{APIVersion: "a/b/c", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, ""},
		"nobody's":        {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run-1234"}}
			if c.owner != nil {
				job.OwnerReferences = []metav1.OwnerReference{*c.owner}
			}
			got := ""
			for _, request := range executionOfJob(t.Context(), job) {
				got += request.String()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestThatAJobWasCreatedIsNoNews(t *testing.T) {
	for name, c := range map[string]struct {
		event event.CreateEvent
		want  bool
	}{
		"a Job":                             {event.CreateEvent{Object: &batchv1.Job{}}, false},
		"a Job, when the controller starts": {event.CreateEvent{Object: &batchv1.Job{}, IsInInitialList: true}, true},
		"a pod":                             {event.CreateEvent{Object: &corev1.Pod{}}, true},
		"a pod, when the controller starts": {event.CreateEvent{Object: &corev1.Pod{}, IsInInitialList: true}, true},
	} {
		if got := whatIsRead.Create(c.event); got != c.want {
			t.Errorf("%s: got %t, want %t", name, got, c.want)
		}
	}
}

func TestWhatIsRead(t *testing.T) {
	job := func(version string, succeeded int32) client.Object {
		return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "run", ResourceVersion: version}, Status: batchv1.JobStatus{Succeeded: succeeded}}
	}
	pod := func(version, node string) client.Object {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "run", ResourceVersion: version}, Spec: corev1.PodSpec{NodeName: node}}
	}
	letGo := func(pod client.Object, phase corev1.PodPhase, finalizers ...string) client.Object {
		pod.SetFinalizers(finalizers)
		pod.(*corev1.Pod).Status.Phase = phase
		return pod
	}
	for name, c := range map[string]struct {
		before, after client.Object
		want          bool
	}{
		"a pod that succeeded is let go of": {letGo(pod("1", ""), corev1.PodSucceeded, "f"), letGo(pod("2", ""), corev1.PodSucceeded), false},
		"a pod that failed is let go of":    {letGo(pod("1", ""), corev1.PodFailed, "f"), letGo(pod("2", ""), corev1.PodFailed), true},
		"a Job changed":                     {job("1", 0), job("2", 1), true},
		"nothing that is read of a Job":     {job("1", 1), job("2", 1), false},
		"a Job to reconcile":                {job("1", 1), job("1", 1), true},
		"a pod changed":                     {pod("1", ""), pod("2", "node"), true},
		"nothing that is read of a pod":     {pod("1", "node"), pod("2", "node"), false},
		"a pod to reconcile":                {pod("1", "node"), pod("1", "node"), true},
		"something of another kind":         {&corev1.Secret{}, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "2"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			version := c.after.GetResourceVersion()
			if got := whatIsRead.Update(event.UpdateEvent{ObjectOld: c.before, ObjectNew: c.after}); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
			if c.after.GetResourceVersion() != version {
				t.Error("the cache's object was changed")
			}
		})
	}
}
