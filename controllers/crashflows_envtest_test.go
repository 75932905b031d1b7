// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"fmt"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
)

// flow plays users, the Job controller and a kubelet in one scenario. It waits for nothing that a disturbed operator
// could leave out.
type flow struct {
	name string
	// figures makes the operator keep the figures of the Task, and the test compare them.
	figures bool
	changes []func(*controllers.Options)
	act     func(t *testing.T, s *stage)
}

// stage is a namespace in which a flow is played, with its witness.
type stage struct {
	ns string
	*witness
}

var flows = []flow{
	{name: "complete", act: func(t *testing.T, s *stage) {
		create(t, newTask(s.ns))
		create(t, newExecution(s.ns))
		s.completes(t, "run")
	}},
	{name: "fail", act: func(t *testing.T, s *stage) {
		create(t, newTask(s.ns))
		create(t, newExecution(s.ns))
		job, pod := s.runs(t, "run")
		exits(t, pod, 3, "")
		ends(t, job, batchv1.JobFailed)
	}},
	{name: "retry", act: func(t *testing.T, s *stage) {
		task := newTask(s.ns)
		task.Spec.Retries = 1
		create(t, task)
		create(t, newExecution(s.ns))
		job, pod := s.runs(t, "run")
		exits(t, pod, 1, "")
		patchStatus(t, job, func() { job.Status.Failed = 1 })
		s.is(t, "run", v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying)
		pod = podOf(t, job)
		runs(t, pod)
		s.is(t, "run", v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
		exits(t, pod, 0, "")
		ends(t, job, batchv1.JobComplete)
	}},
	{name: "cancel", act: func(t *testing.T, s *stage) {
		create(t, newTask(s.ns))
		e := newExecution(s.ns)
		create(t, e)
		_, pod := s.runs(t, "run")
		cancel(t, e)
		s.told(t, pod, v1alpha1.ReasonCancelled)
		exits(t, pod, 143, "DeadlineExceeded")
	}},
	{name: "timeout", act: func(t *testing.T, s *stage) {
		task := newTask(s.ns)
		task.Spec.Timeout, task.Spec.Retries = &metav1.Duration{Duration: time.Second}, 3
		create(t, task)
		create(t, newExecution(s.ns))
		pod := podOf(t, s.job(t, "run"))
		runs(t, pod)
		s.told(t, pod, v1alpha1.ReasonDeadlineExceeded)
		exits(t, pod, 143, "DeadlineExceeded")
	}},
	{name: "queue", act: func(t *testing.T, s *stage) {
		limitedTask(t, s.ns, v1alpha1.ConcurrencyQueue, 1)
		named(t, s.ns, "a")
		s.job(t, "a")
		named(t, s.ns, "b")
		s.is(t, "b", v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
		s.completes(t, "a")
		s.completes(t, "b")
	}},
	{name: "replace", act: func(t *testing.T, s *stage) {
		limitedTask(t, s.ns, v1alpha1.ConcurrencyReplace, 1)
		named(t, s.ns, "a")
		_, pod := s.runs(t, "a")
		named(t, s.ns, "b")
		s.told(t, pod, v1alpha1.ReasonCancelled)
		exits(t, pod, 143, "DeadlineExceeded")
		s.completes(t, "b")
	}},
	{name: "delete", act: func(t *testing.T, s *stage) {
		limitedTask(t, s.ns, v1alpha1.ConcurrencyQueue, 1)
		first := named(t, s.ns, "a")
		job, pod := s.runs(t, "a")
		named(t, s.ns, "b")
		s.is(t, "b", v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
		// envtest has no garbage collector: delete the execution's dependents by hand.
		remove(t, first)
		remove(t, job)
		remove(t, pod)
		s.completes(t, "b")
	}},
	{name: "schedule", act: func(t *testing.T, s *stage) {
		create(t, newTask(s.ns))
		s.until(t, "the Task is judged", func() (bool, any) {
			status := &seen[*v1alpha1.Task](s.witness, "sync").Status
			return status.ObservedGeneration == 1, status
		})
		schedule := newSchedule(s.ns)
		at := time.Now().UTC().Add(10 * time.Second) // the schedule exists by then
		schedule.Spec.Schedule = fmt.Sprintf("%d %d %d %d %d *", at.Second(), at.Minute(), at.Hour(), at.Day(), at.Month())
		create(t, schedule)
		s.job(t, s.made(t))
	}},
	{name: "change", act: func(t *testing.T, s *stage) {
		task := newTask(s.ns)
		task.Annotations = map[string]string{v1alpha1.AnnotationRunOnChange: "true"}
		create(t, task)
		s.job(t, s.made(t))
	}},
	{name: "secret", changes: []func(*controllers.Options){leaky}, act: func(t *testing.T, s *stage) {
		task := newTask(s.ns)
		task.Spec.Parameters = object(`{"properties":{"password":{"type":"string","writeOnly":true}}}`)
		create(t, task)
		create(t, loginSecret(s.ns))
		e := newExecution(s.ns)
		e.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
		create(t, e)
		s.completes(t, "run")
	}},
	{
		name: "retention", figures: true, changes: []func(*controllers.Options){func(o *controllers.Options) { o.HistoryPace, o.KeepRun = 300*time.Millisecond, 0 }},
		act: func(t *testing.T, s *stage) {
			task := newTask(s.ns)
			task.Spec.Retention.Completed = ptr.To[int32](0)
			create(t, task)
			e := newExecution(s.ns)
			e.Spec.Trigger.Source = v1alpha1.TriggerAPI
			create(t, e)
			s.completes(t, "run")
			s.until(t, "the run is removed", func() (bool, any) {
				left := all[*v1alpha1.TaskExecution](s.witness)
				return len(left) == 0, left
			})
		},
	},
}

func remove(t *testing.T, object client.Object) {
	t.Helper()
	if err := kube.Delete(t.Context(), object, client.PropagationPolicy(metav1.DeletePropagationBackground), client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
}

// job waits for the Job of an execution and returns it.
func (s *stage) job(t *testing.T, execution string) (job *batchv1.Job) {
	t.Helper()
	s.until(t, "the Job of "+execution+" exists", func() (bool, any) {
		for _, j := range all[*batchv1.Job](s.witness) {
			if j.Annotations[v1alpha1.AnnotationExecution] == execution {
				job = j.DeepCopy()
				return true, nil
			}
		}
		return false, seen[*v1alpha1.TaskExecution](s.witness, execution).Status
	})
	return job
}

// is waits until an execution has a phase and reason.
func (s *stage) is(t *testing.T, execution string, phase v1alpha1.Phase, reason string) {
	t.Helper()
	s.until(t, fmt.Sprintf("%s is %s/%s", execution, phase, reason), func() (bool, any) {
		status := &seen[*v1alpha1.TaskExecution](s.witness, execution).Status
		return status.Phase == phase && status.Reason == reason, status
	})
}

// told waits until the operator tells the kubelet to end a pod.
func (s *stage) told(t *testing.T, pod *corev1.Pod, why string) {
	t.Helper()
	s.until(t, "the pod is told to end", func() (bool, any) {
		p := seen[*corev1.Pod](s.witness, pod.Name)
		return ptr.Deref(p.Spec.ActiveDeadlineSeconds, 0) == 1, p.Annotations
	})
	told(t, pod, why)
}

// runs starts the execution's pod, and waits until the status says that it runs.
func (s *stage) runs(t *testing.T, execution string) (*batchv1.Job, *corev1.Pod) {
	t.Helper()
	job := s.job(t, execution)
	pod := podOf(t, job)
	runs(t, pod)
	s.is(t, execution, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	return job, pod
}

func (s *stage) completes(t *testing.T, execution string) {
	t.Helper()
	job, pod := s.runs(t, execution)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
}

// made waits for the one execution that the operator creates itself, and returns its name.
func (s *stage) made(t *testing.T) (name string) {
	t.Helper()
	s.until(t, "the operator made an execution", func() (bool, any) {
		for _, e := range all[*v1alpha1.TaskExecution](s.witness) {
			name = e.Name
		}
		return name != "", seen[*v1alpha1.TaskSchedule](s.witness, "nightly").Status
	})
	return name
}
