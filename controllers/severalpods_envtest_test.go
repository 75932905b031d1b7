// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// indexedRun creates a run whose Job has two indexes at once, and starts their pods.
func indexedRun(t *testing.T, change func(*v1alpha1.Task)) (e *v1alpha1.TaskExecution, job *batchv1.Job, pods [2]*corev1.Pod) {
	t.Helper()
	ns := namespace(t)
	task := newTask(ns)
	spec := &task.Spec.JobTemplate.Spec
	spec.Completions, spec.Parallelism, spec.CompletionMode = ptr.To[int32](2), ptr.To[int32](2), ptr.To(batchv1.IndexedCompletion)
	if change != nil {
		change(task)
	}
	create(t, task)
	e = newExecution(ns)
	create(t, e)
	job = jobOf(t, e)
	for i := range pods {
		pods[i] = podNamed(job)
		pods[i].Annotations = map[string]string{batchv1.JobCompletionIndexAnnotation: fmt.Sprint(i)}
		for key, value := range job.Spec.Template.Annotations {
			pods[i].Annotations[key] = value
		}
		pods[i].Name, pods[i].GenerateName = "", fmt.Sprintf("%s-%d-", job.Name, i)
		create(t, pods[i])
		runs(t, pods[i])
	}
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	return e, job, pods
}

// decided plays the Job controller: the Job is about to end, and its running pods are deleted.
func decided(t *testing.T, job *batchv1.Job, condition batchv1.JobConditionType, reason string) {
	t.Helper()
	patchStatus(t, job, func() {
		if job.Status.StartTime == nil {
			job.Status.StartTime = ptr.To(metav1.NewTime(time.Now().Add(-time.Minute)))
		}
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
			Type: condition, Status: corev1.ConditionTrue, Reason: reason, Message: "in its words", LastTransitionTime: metav1.Now(),
		})
	})
}

// One index succeeds at once and is the newest pod; the other hangs. The hanging pod is told to end at the timeout.
func TestCase23TimeoutOfTheOlderOfTwoPods(t *testing.T) {
	operator(t)
	e, job, pods := indexedRun(t, func(task *v1alpha1.Task) { task.Spec.Timeout = &metav1.Duration{Duration: 3 * time.Second} })
	exits(t, pods[1], 0, "")
	eventually(t, "the pod that hangs is told to end", func() (bool, any) {
		read(t, pods[0])
		return strings.HasPrefix(pods[0].Annotations[v1alpha1.AnnotationEnded], v1alpha1.ReasonDeadlineExceeded), pods[0].Annotations
	})
	exits(t, pods[0], 143, "DeadlineExceeded")
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonDeadlineExceeded)
	if d := e.Status.DecidingPod(); ptr.Deref(e.Status.ExitCode, 0) != 143 || d == nil || d.Name != pods[0].Name || ptr.Deref(d.Index, -1) != 0 {
		t.Errorf("status: %+v", e.Status)
	}
	gone(t, job)
}

// The pod that failed by itself decides. The pod that the Job deleted does not, whatever its exit code. Neither is
// shown as running when both are gone.
func TestCase24FirstFailureOfTwoPodsDecides(t *testing.T) {
	operator(t)
	e, job, pods := indexedRun(t, nil)
	exits(t, pods[0], 7, "")
	decided(t, job, batchv1.JobFailureTarget, batchv1.JobReasonBackoffLimitExceeded)
	if err := kube.Delete(t.Context(), pods[1], client.GracePeriodSeconds(30)); err != nil {
		t.Fatal(err)
	}
	exits(t, pods[1], 137, "")
	if err := kube.Delete(t.Context(), pods[1], client.GracePeriodSeconds(0)); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	gone(t, pods[1])
	decided(t, job, batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit)
	if ptr.Deref(e.Status.ExitCode, 0) != 7 || !strings.Contains(e.Status.Message, `index 0: container "main" ended with exit code 7`) {
		t.Errorf("status: %+v", e.Status)
	}
	if c := e.Status.Completions; c == nil || c.Wanted != 2 || c.Succeeded != 0 {
		t.Errorf("completions: %+v", c)
	}
	for i := range e.Status.Pods {
		if p := &e.Status.Pods[i]; p.Phase == string(corev1.PodRunning) || p.Deciding != (p.Name == pods[0].Name) {
			t.Errorf("mirrored: %+v", p)
		}
	}
}

// suspends suspends or resumes a Job, and plays the Job controller, which records it.
func suspends(t *testing.T, job *batchv1.Job, suspended bool) {
	t.Helper()
	edit(t, job, func() { job.Spec.Suspend = &suspended })
	patchStatus(t, job, func() {
		is := corev1.ConditionFalse
		job.Status.StartTime = ptr.To(metav1.Now())
		if suspended {
			is, job.Status.StartTime = corev1.ConditionTrue, nil
		}
		job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobSuspended, Status: is, Reason: "JobSuspended", LastTransitionTime: metav1.Now()}}
	})
}

// A suspended run stays Queued for longer than its timeout, also over a restart of the controller. Then it resumes with
// the rest of its timeout.
func TestCase25SuspendedMidRunOverARestart(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	stop := operatorIn(t, ns)
	const timeout = 15 * time.Second // a loaded machine needs part of it to suspend the Job
	e, job, pod := runningIn(t, ns, func(task *v1alpha1.Task) { task.Spec.Timeout = &metav1.Duration{Duration: timeout} })
	if err := kube.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	suspends(t, job, true)
	reaches(t, e, v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended)
	if len(e.Status.Pods) != 1 || e.Status.Pods[0].Reason != v1alpha1.ReasonJobSuspended || e.Status.Disruptions != 1 {
		t.Errorf("status: %+v", e.Status)
	}
	stop()
	operatorIn(t, ns)
	late := e.Status.StartTime.Add(timeout + 2*time.Second)
	eventually(t, "the timeout would have struck", func() (bool, any) { return time.Now().After(late), late })
	read(t, e)
	if e.Status.Phase != v1alpha1.PhaseQueued {
		t.Fatalf("status: %+v", e.Status)
	}
	suspends(t, job, false)
	second := podOf(t, job)
	runs(t, second)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	if e.Status.Attempts != 2 || e.Status.Suspension == nil || e.Status.Suspension.Since != nil || e.Status.Suspension.Total.Duration < time.Second {
		t.Errorf("status: %+v", e.Status)
	}
	eventually(t, "what is left of the timeout has passed", func() (bool, any) {
		read(t, second)
		return second.Annotations[v1alpha1.AnnotationEnded] != "", second.Annotations
	})
	exits(t, second, 143, "DeadlineExceeded")
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonDeadlineExceeded)
}
