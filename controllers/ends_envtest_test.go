// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// waits plays the kubelet: the main container waits with a reason, after the named init containers have ended.
func waits(t *testing.T, pod *corev1.Pod, reason, message string, ended ...string) {
	t.Helper()
	patchStatus(t, pod, func() {
		pod.Status.Phase = corev1.PodPending
		pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}})
		for _, name := range ended {
			pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, corev1.ContainerStatus{
				Name: name, Image: "busybox:1.37", ContainerID: "containerd://0", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
					ContainerID: "containerd://0", StartedAt: metav1.NewTime(time.Now().Add(-2 * time.Second)), FinishedAt: metav1.Now(),
				}},
			})
		}
	})
}

// eventOn plays the kubelet: it records an Event about a pod.
func eventOn(t *testing.T, pod *corev1.Pod, reason, message string) {
	t.Helper()
	create(t, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: pod.Namespace, GenerateName: pod.Name + "-"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, APIVersion: "v1"},
		Reason:         reason, Message: message, Type: corev1.EventTypeWarning,
		FirstTimestamp: metav1.Now(), LastTimestamp: metav1.Now(), Count: 1,
	})
}

func says(t *testing.T, e *v1alpha1.TaskExecution, words string) {
	t.Helper()
	eventually(t, "the status says "+words, func() (bool, any) {
		read(t, e)
		return strings.Contains(e.Status.Message, words), e.Status
	})
}

const missingVolume = `MountVolume.SetUp failed for volume "c" : configmap "missing" not found`

// Only the Events of a pod say why its volume cannot be mounted. The message says it while the run waits.
func TestCase26VolumeIsNamedWhileTheRunWaits(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	operatorIn(t, ns)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	pod := podOf(t, jobOf(t, e))
	waits(t, pod, "ContainerCreating", "")
	eventOn(t, pod, "FailedMount", missingVolume)
	says(t, e, `configmap "missing" not found`)
	if e.Status.Phase != v1alpha1.PhasePending {
		t.Errorf("it is %s/%s", e.Status.Phase, e.Status.Reason)
	}
}

// The start clock ends such a run, and the message names what it waited for.
func TestCase26VolumeIsNamedAfterTheStartTimeout(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	operatorIn(t, ns)
	task := newTask(ns)
	task.Spec.StartTimeout = &metav1.Duration{Duration: 4 * time.Second}
	create(t, task)
	e := newExecution(ns)
	create(t, e)
	pod := podOf(t, jobOf(t, e))
	waits(t, pod, "ContainerCreating", "")
	eventOn(t, pod, "FailedMount", missingVolume)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout)
	if m := e.Status.Message; !strings.Contains(m, `no container started within 4s`) || !strings.Contains(m, `configmap "missing" not found`) || strings.Contains(m, "confirm") {
		t.Errorf("it says %q", m)
	}
	if e.Status.StartTime != nil || e.Status.Attempts != 0 {
		t.Errorf("it started: %+v", e.Status)
	}
}

func initTask(ns string) *v1alpha1.Task {
	task := newTask(ns)
	task.Spec.JobTemplate.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "prepare", Image: "busybox:1.37"}}
	return task
}

// The init container of a run has ended and its main container cannot be created. The Task has no timeout: the start
// clock ends the run.
func TestCase26MainContainerThatNeverStarts(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	operatorIn(t, ns)
	task := initTask(ns)
	task.Spec.StartTimeout = &metav1.Duration{Duration: 5 * time.Second}
	create(t, task)
	e := newExecution(ns)
	create(t, e)
	waits(t, podOf(t, jobOf(t, e)), "CreateContainerConfigError", `configmap "missing" not found`, "prepare")
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerWaiting)
	const why = `CreateContainerConfigError: container "main": configmap "missing" not found`
	if e.Status.Message != why {
		t.Errorf("while it waits it says %q", e.Status.Message)
	}
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout)
	if want := "the next container did not start within 5s: " + why; e.Status.Message != want {
		t.Errorf("after it ended it says %q, want %q", e.Status.Message, want)
	}
}

// No container runs, so none has to confirm its end.
func TestCase26CancelOfARunOfWhichNothingRuns(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, initTask(ns))
	e := newExecution(ns)
	create(t, e)
	waits(t, podOf(t, jobOf(t, e)), "CreateContainerConfigError", "why", "prepare")
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerWaiting)
	edit(t, e, func() { e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "enough"} })
	reaches(t, e, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	r := e.Status.Cancellation
	took := r.CompletionTime.Sub(r.AcknowledgedTime.Time)
	if took < 0 || took > 15*time.Second || e.Status.Message != "cancelled: enough" {
		t.Errorf("it took %s: %q, receipt %+v", took, e.Status.Message, r)
	}
}

// A Task is deleted and created again. A run that waited longer than the start clock allows does not fail.
func TestCase28TaskMadeAgainKeepsItsQueue(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	operatorIn(t, ns)
	task := func() *v1alpha1.Task {
		task := newTask(ns)
		task.Spec.StartTimeout = &metav1.Duration{Duration: 30 * time.Second}
		task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue, MaxRunning: ptr.To[int32](1)}
		return task
	}
	create(t, task())
	first, second := newExecution(ns), newExecution(ns)
	second.Name = "second"
	create(t, first)
	runs(t, podOf(t, jobOf(t, first)))
	create(t, second)
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	eventually(t, "the second is older than the start clock", func() (bool, any) {
		return time.Since(second.CreationTimestamp.Time) > 31*time.Second, nil
	})
	if err := kube.Delete(t.Context(), task()); err != nil {
		t.Fatal(err)
	}
	edit(t, second, func() { second.Annotations = map[string]string{"example.com/look": "again"} })
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonTaskNotFound)
	create(t, task())
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
}

// The API server accepts notes of at most 1,024 bytes, and client-go drops a refused Event.
func TestCase29EventOfALongMessageIsThere(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	runs(t, podOf(t, jobOf(t, e)))
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	edit(t, e, func() { e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: strings.Repeat("因", 1000)} })
	eventually(t, "the cancel has its Event", func() (bool, any) {
		events := &eventsv1.EventList{}
		if err := kube.List(t.Context(), events, client.InNamespace(ns)); err != nil {
			t.Fatal(err)
		}
		for i := range events.Items {
			if n := &events.Items[i]; n.Reason == v1alpha1.ReasonCancelRequested {
				return strings.HasPrefix(n.Note, "cancelled: 因因") && strings.HasSuffix(n.Note, "因…") && len(n.Note) <= 1024, n.Note
			}
		}
		return false, len(events.Items)
	})
}
