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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/queue"
)

// limitedTask creates a Task with a concurrency policy.
func limitedTask(t *testing.T, namespace string, policy v1alpha1.ConcurrencyPolicy, maxRunning int32, changes ...func(*v1alpha1.TaskSpec)) {
	t.Helper()
	task := newTask(namespace)
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: policy, MaxRunning: &maxRunning}
	for _, change := range changes {
		change(&task.Spec)
	}
	create(t, task)
}

func named(t *testing.T, namespace, name string) *v1alpha1.TaskExecution {
	t.Helper()
	e := newExecution(namespace)
	e.Name = name
	create(t, e)
	return e
}

// completes plays the Job controller and the kubelet: the run's pod runs and ends well.
func completes(t *testing.T, e *v1alpha1.TaskExecution) {
	t.Helper()
	job := jobOf(t, e)
	pod := podOf(t, job)
	runs(t, pod)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
}

func TestQueueRunsOneAfterAnother(t *testing.T) {
	ns := namespace(t)
	operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1, func(s *v1alpha1.TaskSpec) { s.Concurrency.MaxQueued = ptr.To[int32](2) })
	first := named(t, ns, "a")
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	second := named(t, ns, "b")
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	third := named(t, ns, "c")
	reaches(t, third, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	if q := third.Status.Queue; q == nil || q.Position != 2 || q.BlockedBy != v1alpha1.BlockedByTask || !strings.HasSuffix(third.Status.Message, "runs 1 at once: a") {
		t.Errorf("queue %+v, message %q", q, third.Status.Message)
	}
	reaches(t, named(t, ns, "d"), v1alpha1.PhaseFailed, v1alpha1.ReasonQueueFull)
	cancel(t, second)
	reaches(t, second, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	completes(t, first)
	reaches(t, third, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	if third.Status.Queue != nil {
		t.Errorf("one whose turn it is has queue %+v", third.Status.Queue)
	}
	if n := len(jobs(t, ns)); n != 2 {
		t.Errorf("%d Jobs, want those of a and c", n)
	}
}

func TestForbidLetsTheSecondFail(t *testing.T) {
	ns := namespace(t)
	operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyForbid, 1)
	first := named(t, ns, "a")
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	second := named(t, ns, "b")
	reaches(t, second, v1alpha1.PhaseFailed, v1alpha1.ReasonConcurrencyForbidden)
	if !strings.HasSuffix(second.Status.Message, ": a") {
		t.Errorf("message %q does not name the active run", second.Status.Message)
	}
	// The next run starts right after the end, without a wait.
	completes(t, first)
	reaches(t, named(t, ns, "c"), v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

func TestReplaceCancelsTheOlderAndWaitsForItsEnd(t *testing.T) {
	ns := namespace(t)
	operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyReplace, 1)
	first := named(t, ns, "a")
	pod := podOf(t, jobOf(t, first))
	runs(t, pod)
	reaches(t, first, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	second := named(t, ns, "b")
	told(t, pod, v1alpha1.ReasonCancelled)
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonReplacing)
	if read(t, first); first.Spec.Cancel == nil || first.Spec.Cancel.Reason != "replaced by b" {
		t.Errorf("cancel %+v", first.Spec.Cancel)
	}
	third := named(t, ns, "c")
	reaches(t, second, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	reaches(t, third, v1alpha1.PhaseQueued, v1alpha1.ReasonReplacing)
	if n := len(jobs(t, ns)); n != 1 {
		t.Errorf("%d Jobs while the first has not ended", n)
	}
	exits(t, pod, 143, "DeadlineExceeded")
	reaches(t, first, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	reaches(t, third, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

func TestSuspendedTaskRefusesNewRunsOnly(t *testing.T) {
	ns := namespace(t)
	operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	first, second := named(t, ns, "a"), named(t, ns, "b")
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	task := newTask(ns)
	edit(t, task, func() { task.Spec.Suspended = true })
	eventually(t, "a new run is refused", func() (bool, any) {
		e := newExecution(ns)
		e.Name, e.GenerateName = "", "late-"
		create(t, e)
		reason := ""
		eventually(t, "it is decided", func() (bool, any) { read(t, e); reason = e.Status.Reason; return reason != "", e.Status })
		if reason != v1alpha1.ReasonTaskSuspended {
			cancel(t, e) // the controller has not seen the edit yet
		}
		return reason == v1alpha1.ReasonTaskSuspended, e.Status
	})
	completes(t, first)
	completes(t, second)
}

func TestQueueTimeoutEndsTheWait(t *testing.T) {
	ns := namespace(t)
	operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	first := named(t, ns, "a")
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	second := named(t, ns, "b")
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	task := newTask(ns)
	edit(t, task, func() { task.Spec.QueueTimeout = &metav1.Duration{Duration: 3 * time.Second} })
	reaches(t, second, v1alpha1.PhaseFailed, v1alpha1.ReasonQueueTimeout)
	if !strings.Contains(second.Status.Message, "queueTimeout of 3s: position 1 in the queue") || second.Status.Queue != nil {
		t.Errorf("message %q, queue %+v", second.Status.Message, second.Status.Queue)
	}
	completes(t, first)
}

func TestLimitOfANamespace(t *testing.T) {
	ns, other := namespace(t), namespace(t)
	// A cluster-wide limit would count what other tests left behind.
	operator(t, func(o *controllers.Options) { o.MaxRunning = queue.Limits{PerNamespace: 1} })
	create(t, newTask(ns))
	create(t, newTask(other))
	first := named(t, ns, "a")
	reaches(t, first, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	second := named(t, ns, "b")
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonNamespaceLimit)
	completes(t, first)
	reaches(t, second, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	reaches(t, named(t, other, "c"), v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

// Kueue's webhook suspends a Job that has its label. No Kueue runs here, so the template suspends it. The start clock
// does not count the time in which the Job is suspended.
func TestJobThatIsHeldReadsQueued(t *testing.T) {
	t.Parallel()
	const startTimeout = 15 * time.Second // its pod must be seen by then, once the Job is resumed
	ns := namespace(t)
	operatorIn(t, ns)
	task := newTask(ns)
	task.Spec.JobTemplate.Spec.Suspend = ptr.To(true)
	task.Spec.AllowedQueues = []string{"team-a"}
	task.Spec.StartTimeout = &metav1.Duration{Duration: startTimeout}
	create(t, task)
	e := newExecution(ns)
	e.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a", "argocd.argoproj.io/instance": "x"}
	create(t, e)
	reaches(t, e, v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended)
	job := jobOf(t, e)
	if job.Labels[v1alpha1.LabelKueueQueue] != "team-a" || job.Labels["argocd.argoproj.io/instance"] != "" {
		t.Errorf("labels %v", job.Labels)
	}
	if !strings.Contains(e.Status.Message, `"team-a"`) || e.Status.Queue.BlockedBy != v1alpha1.BlockedByJob {
		t.Errorf("message %q, queue %+v", e.Status.Message, e.Status.Queue)
	}
	suspended := func(status corev1.ConditionStatus) []batchv1.JobCondition {
		return []batchv1.JobCondition{{Type: batchv1.JobSuspended, Status: status, LastTransitionTime: metav1.Now()}}
	}
	patchStatus(t, job, func() { job.Status.Conditions = suspended(corev1.ConditionTrue) })
	eventually(t, "the Job is held for longer than it may take to start", func() (bool, any) {
		return time.Since(job.CreationTimestamp.Time) > startTimeout+time.Second, job
	})
	if read(t, e); e.Status.Phase != v1alpha1.PhaseQueued {
		t.Errorf("the run is %s while its Job is held", e.Status.Phase)
	}
	pod := podOf(t, job)
	edit(t, job, func() { job.Spec.Suspend = ptr.To(false) })
	patchStatus(t, job, func() {
		job.Status.Conditions, job.Status.StartTime = suspended(corev1.ConditionFalse), ptr.To(metav1.Now())
	})
	runs(t, pod)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
}

func TestImageThatCannotBePulledFailsAfterItsGrace(t *testing.T) {
	ns := namespace(t)
	operator(t, func(o *controllers.Options) { o.ImagePullGrace = 2 * time.Second })
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	patchStatus(t, pod, func() {
		pod.Status.Phase = corev1.PodPending
		pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}})
	})
	told(t, pod, v1alpha1.ReasonImagePullFailed)
	exits(t, pod, 137, "DeadlineExceeded") // a kubelet forgets why the container waited
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonImagePullFailed)
	if !strings.Contains(e.Status.Message, `image "busybox:1.37"`) {
		t.Errorf("message %q does not name the image", e.Status.Message)
	}
	gone(t, job)
}

// A deleted run keeps its place until its pod is gone.
func TestDeletedRunKeepsItsTurnUntilItsPodIsGone(t *testing.T) {
	ns := namespace(t)
	operator(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	first := named(t, ns, "a")
	job := jobOf(t, first)
	pod := podOf(t, job)
	runs(t, pod)
	reaches(t, first, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	second := named(t, ns, "b")
	reaches(t, second, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	for _, object := range []client.Object{first, job} { // envtest has no garbage collector
		if err := kube.Delete(t.Context(), object, client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
			t.Fatal(err)
		}
	}
	reaches(t, named(t, ns, "c"), v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	if read(t, second); second.Status.Phase != v1alpha1.PhaseQueued {
		t.Errorf("b is %s while the pod of a runs", second.Status.Phase)
	}
	if err := kube.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	reaches(t, second, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

// The Job was created right before a crash, and the status does not name it. It still takes a place.
func TestJobOfAnEarlierLifeHasItsTurn(t *testing.T) {
	ns := namespace(t)
	limitedTask(t, ns, v1alpha1.ConcurrencyQueue, 1)
	older, newer := named(t, ns, "a"), named(t, ns, "b")
	task := newTask(ns)
	read(t, task)
	job, err := jobspec.Build(task, newer, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, job, newer)
	create(t, job)
	operator(t)
	reaches(t, newer, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	reaches(t, older, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
	completes(t, newer)
	reaches(t, older, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}
