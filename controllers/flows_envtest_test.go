// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

func TestOrdinaryRunCostsThreeStatusWrites(t *testing.T) {
	ns := namespace(t)
	operator(t, func(o *controllers.Options) { // no log flush in between, however long the test takes
		o.LogFlush.Interval, o.LogFlush.MaxInterval = patience, patience
	})
	writes, err := kube.Watch(t.Context(), &v1alpha1.TaskExecutionList{}, client.InNamespace(ns))
	if err != nil {
		t.Fatal(err)
	}
	defer writes.Stop()
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)

	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	job := jobOf(t, e)
	if e.Status.Job == nil || e.Status.Job.UID != job.UID || e.Status.ObservedGeneration != 1 {
		t.Errorf("the first status does not name the Job: %+v", e.Status)
	}
	pod := podOf(t, job)
	runs(t, pod)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)

	if e.Status.Attempts != 1 || e.Status.ExitCode == nil || *e.Status.ExitCode != 0 || e.Status.Duration == "" {
		t.Errorf("status: %+v", e.Status)
	}
	if want := []string{"开始执行任务 (无超时限制)", "line of main", "任务执行成功"}; !slices.Equal(messages(e), want) {
		t.Errorf("log %q, want %q", messages(e), want)
	}
	for conditionType, want := range map[string]metav1.ConditionStatus{
		v1alpha1.ConditionSucceeded: metav1.ConditionTrue, v1alpha1.ConditionLogsCaptured: metav1.ConditionTrue,
	} {
		if !apimeta.IsStatusConditionPresentAndEqual(e.Status.Conditions, conditionType, want) {
			t.Errorf("condition %s is not %s: %+v", conditionType, want, e.Status.Conditions)
		}
	}
	if n := modifications(writes, e.ResourceVersion); n != 3 {
		t.Errorf("%d status writes for an ordinary run, want 3", n)
	}
}

// modifications counts the writes after the creation, up to a resourceVersion.
func modifications(w watch.Interface, until string) (n int) {
	for event := range w.ResultChan() {
		if event.Type == watch.Modified {
			n++
		}
		if object, ok := event.Object.(client.Object); ok && object.GetResourceVersion() == until {
			break
		}
	}
	return n
}

func TestFailureIsReportedWithItsExitCode(t *testing.T) {
	ns := namespace(t)
	operator(t)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	exits(t, pod, 3, "")
	ends(t, job, batchv1.JobFailed)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit)
	if *e.Status.ExitCode != 3 || !apimeta.IsStatusConditionTrue(e.Status.Conditions, v1alpha1.ConditionStalled) {
		t.Errorf("status: %+v", e.Status)
	}
	eventually(t, "an Event tells of it", func() (bool, any) {
		events := &corev1.EventList{}
		if err := kube.List(t.Context(), events, client.InNamespace(ns)); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(events.Items, func(event corev1.Event) bool {
			return event.Reason == v1alpha1.ReasonNonZeroExit && event.InvolvedObject.UID == e.UID
		}), events.Items
	})
}

func TestExecutionWaitsForItsTask(t *testing.T) {
	ns := namespace(t)
	operator(t)
	e := newExecution(ns)
	create(t, e)
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonTaskNotFound)
	create(t, newTask(ns))
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
}

func TestExecutionOfNoTaskFailsAfterTheStartTimeout(t *testing.T) {
	ns := namespace(t)
	operator(t, func(o *controllers.Options) { o.StartTimeout = 3 * time.Second })
	e := newExecution(ns)
	create(t, e)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonTaskNotFound)
	if waited := e.Status.CompletionTime.Sub(e.CreationTimestamp.Time); waited < 2*time.Second {
		t.Errorf("it failed after %s already", waited)
	}
	if len(jobs(t, ns)) != 0 {
		t.Error("there is a Job of no Task")
	}
}

func TestInvalidParamsFailWithTheField(t *testing.T) {
	ns := namespace(t)
	operator(t)
	task := newTask(ns)
	task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"type":"object","required":["mid"]}`)}
	create(t, task)
	e := newExecution(ns)
	create(t, e)
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonInvalidParams)
	if !strings.Contains(e.Status.Message, "mid") {
		t.Errorf("message %q does not name the field", e.Status.Message)
	}
}

func TestImpossibleTaskIsNotReadyAndItsRunsFail(t *testing.T) {
	for name, c := range map[string]struct {
		change            func(*v1alpha1.Task)
		ready, run, names string
	}{
		"a template that the API server refuses": {
			func(task *v1alpha1.Task) {
				task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "missing", MountPath: "/x"}}
			},
			v1alpha1.ReasonInvalidJobTemplate, v1alpha1.ReasonInvalidJobTemplate, "missing",
		},
		"parameters that are no schema": {
			func(task *v1alpha1.Task) {
				task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(`{"type":"nonsense"}`)}
			},
			v1alpha1.ReasonInvalidParameters, v1alpha1.ReasonInvalidTask, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			operator(t)
			task := newTask(ns)
			c.change(task)
			create(t, task)
			e := newExecution(ns)
			create(t, e)
			eventually(t, "the task is not ready", func() (bool, any) {
				read(t, task)
				ready := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
				return ready != nil && ready.Status == metav1.ConditionFalse && ready.Reason == c.ready && strings.Contains(ready.Message, c.names), task.Status
			})
			reaches(t, e, v1alpha1.PhaseFailed, c.run)
			if len(jobs(t, ns)) != 0 {
				t.Error("a Job exists")
			}
		})
	}
}

func TestCase6CancelBeforeTheJobMakesNone(t *testing.T) {
	for name, waits := range map[string]func(t *testing.T, s *stage) *v1alpha1.TaskExecution{
		"nobody has looked at it": func(t *testing.T, s *stage) *v1alpha1.TaskExecution {
			create(t, newTask(s.ns))
			e := newExecution(s.ns)
			e.Spec.Cancel = &v1alpha1.CancelRequest{}
			create(t, e)
			operator(t)
			return e
		},
		"it waits for its Task": func(t *testing.T, s *stage) *v1alpha1.TaskExecution {
			operator(t)
			e := named(t, s.ns, "run")
			reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonTaskNotFound)
			cancel(t, e)
			create(t, newTask(s.ns)) // too late: the run is cancelled
			return e
		},
		"it waits for its turn": func(t *testing.T, s *stage) *v1alpha1.TaskExecution {
			operator(t)
			limitedTask(t, s.ns, v1alpha1.ConcurrencyQueue, 1)
			first := named(t, s.ns, "first")
			jobOf(t, first)
			e := named(t, s.ns, "run")
			reaches(t, e, v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)
			cancel(t, e)
			completes(t, first) // too late: the run is cancelled
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			s := &stage{ns, newWitness(t, ns)}
			e := waits(t, s)
			reaches(t, e, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
			if got := e.Status.Cancellation; got == nil || got.Outcome != v1alpha1.CancellationNotStarted {
				t.Errorf("receipt %+v", got)
			}
			completes(t, named(t, ns, "another")) // its Job is the newest, so the witness has seen all the others
			s.job(t, "another")
			s.mu.Lock()
			defer s.mu.Unlock()
			if had := s.hadJobs[e.UID]; len(had) > 0 {
				t.Errorf("a run that was cancelled before had the Jobs %q", had)
			}
		})
	}
}

// running brings a new execution to Running.
func running(t *testing.T, change func(*v1alpha1.Task)) (*v1alpha1.TaskExecution, *batchv1.Job, *corev1.Pod) {
	t.Helper()
	return runningIn(t, namespace(t), change)
}

// runningIn is like running, in a given namespace.
func runningIn(t *testing.T, ns string, change func(*v1alpha1.Task)) (*v1alpha1.TaskExecution, *batchv1.Job, *corev1.Pod) {
	t.Helper()
	e, job, pod := begunIn(t, ns, change)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	return e, job, pod
}

// begun creates a new execution and starts the container of its pod, whether or not the operator has seen it.
func begun(t *testing.T, change func(*v1alpha1.Task)) (*v1alpha1.TaskExecution, *batchv1.Job, *corev1.Pod) {
	t.Helper()
	return begunIn(t, namespace(t), change)
}

// begunIn is like begun, in a given namespace.
func begunIn(t *testing.T, ns string, change func(*v1alpha1.Task)) (*v1alpha1.TaskExecution, *batchv1.Job, *corev1.Pod) {
	t.Helper()
	task := newTask(ns)
	if change != nil {
		change(task)
	}
	create(t, task)
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	runs(t, pod)
	return e, job, pod
}

func cancel(t *testing.T, e *v1alpha1.TaskExecution) {
	t.Helper()
	before := e.DeepCopy()
	e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "test"}
	if err := kube.Patch(t.Context(), e, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// told waits until the controller tells the kubelet to end a pod.
func told(t *testing.T, pod *corev1.Pod, why string) {
	t.Helper()
	eventually(t, "the pod is told to end", func() (bool, any) {
		read(t, pod)
		return ptr.Deref(pod.Spec.ActiveDeadlineSeconds, 0) == 1 && strings.HasPrefix(pod.Annotations[v1alpha1.AnnotationEnded], why+" "), pod
	})
}

func TestCancelEndsThePodAndThenRemovesTheJob(t *testing.T) {
	operator(t)
	e, job, pod := running(t, nil)
	cancel(t, e)
	told(t, pod, v1alpha1.ReasonCancelled)
	reaches(t, e, v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested)
	seen := e.Status.Cancellation
	if seen == nil || seen.Reason != "test" || seen.AcknowledgedTime.IsZero() || seen.Outcome != "" {
		t.Errorf("receipt %+v", seen)
	}
	exits(t, pod, 143, "DeadlineExceeded")
	reaches(t, e, v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)
	capturedLog(t, e)
	gone(t, job)
	if got := e.Status.Cancellation; got.Outcome != v1alpha1.CancellationGraceful || got.CompletionTime == nil || !got.AcknowledgedTime.Equal(&seen.AcknowledgedTime) {
		t.Errorf("receipt %+v after %+v", got, seen)
	}
	if got := messages(e); !slices.Contains(got, "line of main") || got[len(got)-1] != "任务已取消" {
		t.Errorf("log %q", got)
	}
}

func TestCase5RunThatEndsWhileItIsCancelledKeepsItsExitCode(t *testing.T) {
	stop := operator(t)
	e, job, pod := running(t, nil)
	stop() // nobody reconciles while both happen
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	cancel(t, e)
	operator(t)
	reaches(t, e, v1alpha1.PhaseCancelled, v1alpha1.ReasonFinishedWhileCancelling)
	if *e.Status.ExitCode != 0 || e.Status.Cancellation.Outcome != v1alpha1.CancellationAlreadyEnded {
		t.Errorf("exit code %d, receipt %+v", *e.Status.ExitCode, e.Status.Cancellation)
	}
}

func TestTimeoutEndsThePod(t *testing.T) {
	operator(t)
	// The timeout may be over before a reconcile, so the phase may never be Running.
	e, job, pod := begun(t, func(task *v1alpha1.Task) {
		task.Spec.Timeout = &metav1.Duration{Duration: time.Second}
		task.Spec.Retries = 3
	})
	told(t, pod, v1alpha1.ReasonDeadlineExceeded)
	exits(t, pod, 143, "DeadlineExceeded")
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonDeadlineExceeded)
	gone(t, job)
}

func TestStartTimeoutSaysWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	operatorIn(t, ns)
	task := newTask(ns)
	task.Spec.StartTimeout = &metav1.Duration{Duration: 15 * time.Second} // the pod must exist by then
	create(t, task)
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	patchStatus(t, pod, func() {
		pod.Status.Phase = corev1.PodPending
		pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}})
	})
	told(t, pod, v1alpha1.ReasonStartTimeout)
	patchStatus(t, pod, func() { pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "DeadlineExceeded" })
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout)
	if !strings.Contains(e.Status.Message, "busybox:1.37") {
		t.Errorf("message %q does not name the image", e.Status.Message)
	}
	gone(t, job)
}

// Somebody deletes a Job mid-run. The operator does not create it again, not even after a restart.
func TestCase4LostJobIsNeverMadeAgain(t *testing.T) {
	ns := namespace(t)
	s := &stage{ns, newWitness(t, ns)}
	stop := operator(t)
	create(t, newTask(ns))
	e := named(t, ns, "run")
	job, pod := s.runs(t, "run")
	remove(t, job)
	remove(t, pod) // as the garbage collector does
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost)
	capturedLog(t, e)
	version := e.ResourceVersion
	stop()
	operator(t)
	completes(t, named(t, ns, "other")) // the operator has reconciled all
	if read(t, e); e.ResourceVersion != version {
		t.Errorf("a finished run was written to: %+v", e.Status)
	}
	for _, left := range jobs(t, ns) {
		if left.Annotations[v1alpha1.AnnotationExecution] == e.Name {
			t.Error("the Job was made again") // the witness counts Jobs in between
		}
	}
}

// A foreign Job has the name of ours. The operator never touches it, whatever happens to the run.
func TestCase3ForeignJobIsLeftAlone(t *testing.T) {
	for name, disguise := range map[string]func(*batchv1.Job, *v1alpha1.TaskExecution){
		"somebody's": func(*batchv1.Job, *v1alpha1.TaskExecution) {},
		"one that says that it is of another execution of the name": func(job *batchv1.Job, e *v1alpha1.TaskExecution) {
			job.Labels = map[string]string{v1alpha1.LabelExecutionUID: string(e.UID)}
			before := e.DeepCopy()
			before.UID = "00000000-0000-0000-0000-000000000000"
			job.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(before, v1alpha1.GroupVersion.WithKind("TaskExecution"))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			create(t, newTask(ns))
			e := newExecution(ns)
			create(t, e)
			foreign := &batchv1.Job{ObjectMeta: objectNamed(ns, jobspec.JobName(e.Name, e.UID))}
			foreign.Spec.Template.Spec = corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "x", Image: "x"}}}
			disguise(foreign, e)
			create(t, foreign)
			pod := podOf(t, foreign)
			podVersion, version := pod.ResourceVersion, foreign.ResourceVersion
			stop := operator(t)
			reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonNameConflict)
			cancel(t, e)
			stop()
			operator(t)
			// When the second run is complete, the first has been reconciled.
			other := named(t, ns, "other")
			completes(t, other)
			if read(t, e); e.Status.Phase != v1alpha1.PhaseFailed || e.Status.Job != nil {
				t.Errorf("status: %+v", e.Status)
			}
			read(t, foreign)
			read(t, pod)
			if foreign.ResourceVersion != version || pod.ResourceVersion != podVersion {
				t.Errorf("somebody else's Job or its pod was changed: %+v", foreign.ObjectMeta)
			}
		})
	}
}

// The operator crashed after it created the Job and before the status named it. The Job is adopted.
func TestCase1JobOfAnEarlierLifeIsAdopted(t *testing.T) {
	ns := namespace(t)
	task := newTask(ns)
	create(t, task)
	e := newExecution(ns)
	create(t, e)
	job, err := jobspec.Build(task, e, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, job, e)
	create(t, job)
	operator(t)
	reaches(t, e, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	if e.Status.Job.UID != job.UID || len(jobs(t, ns)) != 1 {
		t.Errorf("adopted %s of %d Jobs, want %s", e.Status.Job.UID, len(jobs(t, ns)), job.UID)
	}
}

// The request to create the Job kills the operator, and the API server carries it out. The next life finds the Job and
// goes on with it.
func TestCase1KilledBeforeTheStatusNamesTheJob(t *testing.T) {
	ns := namespace(t)
	s, c := &stage{ns, newWitness(t, ns)}, &calls{fault: fault{call: "create Job 1", applied: true, dies: true}}
	mortalOperator(t, ns, c)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	job := s.job(t, "run")
	s.is(t, "run", v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	if made, struck := c.told(); !struck {
		t.Fatalf("it was not killed: %q", made)
	}
	if read(t, e); e.Status.Job.UID != job.UID {
		t.Errorf("the status names the Job %s, want %s", e.Status.Job.UID, job.UID)
	}
	s.completes(t, "run")
	s.is(t, "run", v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if n := len(jobs(t, ns)); n != 1 { // the witness counts Jobs in between
		t.Errorf("%d Jobs", n)
	}
}

// After a restart the operator does what it would have done without one.
func TestRestartInEachPhase(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)

	stop := operator(t)
	job := jobOf(t, e)
	stop()
	pod := podOf(t, job)
	runs(t, pod)
	stop = operator(t)
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	stop()
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	stop = operator(t)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	capturedLog(t, e)
	stop()
	version := e.ResourceVersion
	operator(t)
	other := newExecution(ns)
	other.Name = "other"
	create(t, other)
	reaches(t, other, v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	if read(t, e); e.ResourceVersion != version {
		t.Errorf("a finished run was written to: %+v", e.Status)
	}
	if n := len(jobs(t, ns)); n != 2 {
		t.Errorf("%d Jobs for two executions", n)
	}
}

func TestTaskEditDoesNotReachARunThatExists(t *testing.T) {
	operator(t)
	e, _, pod := running(t, nil)
	task := newTask(e.Namespace)
	edit(t, task, func() { task.Spec.Timeout = &metav1.Duration{Duration: time.Second} })
	if err := kube.Delete(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	exits(t, pod, 0, "")
	ends(t, jobOf(t, e), batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if want := lifecycle.EndMark("", time.Time{}); pod.Annotations[v1alpha1.AnnotationEnded] != "" {
		t.Errorf("the pod was ended, as %q, want none like %q", pod.Annotations[v1alpha1.AnnotationEnded], want)
	}
}
