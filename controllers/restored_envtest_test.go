// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// requestedRun returns an execution as the facade creates it.
func requestedRun(t *testing.T, namespace string) *v1alpha1.TaskExecution {
	t.Helper()
	e := newExecution(namespace)
	e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerManual, User: "ann"}
	jobspec.Label(e)
	jobspec.Stamp(e, time.Now(), clusterUID(t))
	return e
}

// clusterUID returns the identity of this cluster.
func clusterUID(t *testing.T) string {
	t.Helper()
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem}}
	read(t, system)
	return string(system.UID)
}

// ranToItsEnd plays a run to its end, and returns it as kubectl get shows it then.
func ranToItsEnd(t *testing.T, e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	t.Helper()
	job := jobOf(t, e)
	pod := podOf(t, job)
	pod.Status = startedPod(pod).Status
	if err := kube.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	read(t, pod)
	pod.Status = endedPod(pod, 0, "").Status
	if err := kube.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	read(t, job)
	job.Status = endedJob(job, pod).Status
	if err := kube.Status().Update(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	eventually(t, "its log is final", func() (bool, any) {
		read(t, e)
		return lifecycle.LogIsFinal(e), e.Status.Conditions
	})
	return e.DeepCopy()
}

// removed deletes an execution, and its Job and pods as the garbage collector does, and waits until it is gone.
func removed(t *testing.T, e *v1alpha1.TaskExecution) {
	t.Helper()
	if err := kube.Delete(t.Context(), e.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	for _, object := range []client.Object{&batchv1.Job{}, &corev1.Pod{}} {
		if err := kube.DeleteAllOf(t.Context(), object, client.InNamespace(e.Namespace), client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it is gone", func() (bool, any) {
		err := kube.Get(t.Context(), client.ObjectKeyFromObject(e), &v1alpha1.TaskExecution{})
		return client.IgnoreNotFound(err) == nil && err != nil, err
	})
}

// applied creates an execution from what kubectl get showed, as kubectl apply does: without its resourceVersion. Some
// tools write the status afterwards.
func applied(t *testing.T, saved *v1alpha1.TaskExecution, withStatus bool) *v1alpha1.TaskExecution {
	t.Helper()
	e := saved.DeepCopy()
	e.ResourceVersion = ""
	create(t, e)
	if e.UID == saved.UID {
		t.Fatal("it kept its UID")
	}
	if withStatus {
		writeStatus(t, e, saved.Status)
	}
	return e
}

// writeStatus writes a status as a restore tool does, over whatever the controller has written meanwhile.
func writeStatus(t *testing.T, e *v1alpha1.TaskExecution, status v1alpha1.TaskExecutionStatus) {
	t.Helper()
	eventually(t, "the status is written", func() (bool, any) {
		read(t, e)
		e.Status = status
		err := kube.Status().Update(t.Context(), e)
		return err == nil, err
	})
}

// endsAsCopy waits until an execution ends as a copy, and checks that it got no Job.
func endsAsCopy(t *testing.T, e *v1alpha1.TaskExecution, says ...string) {
	t.Helper()
	reaches(t, e, v1alpha1.PhaseFailed, v1alpha1.ReasonRestoredCopy)
	for _, part := range says {
		if !strings.Contains(e.Status.Message, part) {
			t.Errorf("it says %q, want %q in it", e.Status.Message, part)
		}
	}
	if left := jobs(t, e.Namespace); len(left) > 0 || e.Status.StartTime != nil {
		t.Errorf("it has run: it started at %s, and %d Jobs exist", e.Status.StartTime, len(left))
	}
}

// A run that has ended is deleted, and created again at once from what kubectl get showed. It does not run again, also
// when it is done once more.
func TestCase64RunAppliedAgainAtOnce(t *testing.T) {
	for name, withStatus := range map[string]bool{"without its status": false, "with its status": true} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			operatorIn(t, ns)
			create(t, newTask(ns))
			e := requestedRun(t, ns)
			create(t, e)
			saved := ranToItsEnd(t, e)
			for range 2 {
				removed(t, e)
				if e = applied(t, saved, withStatus); withStatus {
					reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
					if left := jobs(t, ns); len(left) > 0 {
						t.Errorf("%d Jobs exist", len(left))
					}
					continue
				}
				endsAsCopy(t, e, "(UID "+string(saved.UID)+") ended as Completed (Completed)", "/tasks/executions/run/rerun")
			}
		})
	}
}

// A controller that has just started, and remembers nothing, recognizes a copy by its creation time and by its cluster.
func TestCase64CopyAfterARestart(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.TaskExecution)
		says   string
	}{
		"requested long ago": {func(e *v1alpha1.TaskExecution) {
			jobspec.Stamp(e, time.Now().Add(-lifecycle.CopyAfter-time.Minute), e.Spec.Trigger.Cluster)
		}, "after it was requested (unless the clocks"},
		"requested in another cluster": {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Cluster = "another" }, "requested in the cluster another"},
	} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			create(t, newTask(ns))
			e := requestedRun(t, ns)
			c.change(e)
			create(t, e)
			operatorIn(t, ns)
			endsAsCopy(t, e, c.says)
		})
	}
}

// A status that a restore tool wrote does not make a copy run: neither one that waits nor one that ran.
func TestCase64CopyWithAStatus(t *testing.T) {
	for name, status := range map[string]v1alpha1.TaskExecutionStatus{
		"waits": {Phase: v1alpha1.PhaseQueued, Reason: v1alpha1.ReasonConcurrencyLimit, Queue: &v1alpha1.QueueStatus{Position: 1, BlockedBy: v1alpha1.BlockedByTask}},
		"ran": {
			Phase: v1alpha1.PhaseRunning, Reason: v1alpha1.ReasonContainerStarted,
			Job: &v1alpha1.JobIdentity{Name: "job-of-the-original", UID: "job-uid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			create(t, newTask(ns))
			e := requestedRun(t, ns)
			jobspec.Stamp(e, time.Now().Add(-time.Hour), e.Spec.Trigger.Cluster)
			create(t, e)
			writeStatus(t, e, status)
			operatorIn(t, ns)
			endsAsCopy(t, e, "after it was requested (unless the clocks")
		})
	}
}

// To apply a manifest of one's own again means to run it again, but for one that says until when.
func TestKubectlsRunAppliedAgainRuns(t *testing.T) {
	ns := namespace(t)
	operatorIn(t, ns)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	saved := ranToItsEnd(t, e)
	removed(t, e)
	again := applied(t, saved, false)
	ranToItsEnd(t, again)
	removed(t, again)
	saved.Spec.NotAfter = &metav1.Time{Time: time.Now().Add(-time.Minute)}
	late := applied(t, saved, false)
	reaches(t, late, v1alpha1.PhaseFailed, v1alpha1.ReasonStartDeadlineExceeded)
	if left := jobs(t, ns); len(left) > 0 {
		t.Errorf("%d Jobs exist", len(left))
	}
}

// A run leaves the queue at its notAfter, without an event that wakes it.
func TestNotAfterEndsAWait(t *testing.T) {
	ns := namespace(t)
	operatorIn(t, ns)
	task := newTask(ns)
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue}
	create(t, task)
	first := newExecution(ns)
	create(t, first)
	jobOf(t, first)
	second := newExecution(ns)
	second.Name = "second"
	second.Spec.NotAfter = &metav1.Time{Time: time.Now().Add(3 * time.Second)}
	create(t, second)
	reaches(t, second, v1alpha1.PhaseFailed, v1alpha1.ReasonStartDeadlineExceeded)
	if end := second.Status.CompletionTime; end.Before(second.Spec.NotAfter) {
		t.Errorf("it ended at %s, before its notAfter %s", end, second.Spec.NotAfter)
	}
	before := second.DeepCopy()
	second.Spec.NotAfter = &metav1.Time{Time: time.Now().Add(time.Hour)}
	if err := kube.Patch(t.Context(), second, client.MergeFrom(before)); err == nil || !strings.Contains(err.Error(), "notAfter is immutable") {
		t.Errorf("changed later: %v", err)
	}
}

// The archive proves that a run has ended which the store has as one that waits: the store went back in time.
func TestCase64ArchiveKnowsWhatTheStoreForgot(t *testing.T) {
	ns := namespace(t)
	create(t, newTask(ns))
	e := requestedRun(t, ns)
	jobspec.Stamp(e, time.Now().Add(-time.Minute), e.Spec.Trigger.Cluster) // a minute is not too much, and worth a question
	create(t, e)
	writeStatus(t, e, v1alpha1.TaskExecutionStatus{Phase: v1alpha1.PhaseQueued, Reason: v1alpha1.ReasonConcurrencyLimit})
	operation{config: apiServer, namespace: ns, changes: []func(*controllers.Options){func(o *controllers.Options) {
		o.PastRuns = archivedRuns{{
			Name: client.ObjectKeyFromObject(e), UID: e.UID, Requested: e.Spec.Trigger.Time.Time,
			Phase: v1alpha1.PhaseFailed, Reason: v1alpha1.ReasonNonZeroExit, Ended: time.Now(),
		}}
	}}}.runs(t)
	endsAsCopy(t, e, "the cluster was restored to an earlier state", "ended as Failed (NonZeroExit)")
}

// A controller that has just started, and remembers no deletion, finds the run in the archive that an earlier one has
// recorded. The first time, the archive does not have it, and it runs.
func TestCase64ArchiveOfAnEarlierController(t *testing.T) {
	url, ns := "file://"+t.TempDir(), namespace(t)
	starts := func() (stop func()) {
		return operation{config: apiServer, namespace: ns, changes: []func(*controllers.Options){recordsInto(t, url, "cluster-a")}}.runs(t)
	}
	stop := starts()
	create(t, newTask(ns))
	e := requestedRun(t, ns)
	jobspec.Stamp(e, time.Now().Add(-time.Minute), e.Spec.Trigger.Cluster) // a minute is not too much, and worth a question
	create(t, e)
	saved := ranToItsEnd(t, e)
	isRecorded(t, url, "cluster-a", saved)
	stop()
	removed(t, e)
	starts()
	endsAsCopy(t, applied(t, saved, false), "(UID "+string(saved.UID)+") ended as Completed (Completed)")
}

// archivedRuns are those of an archive.
type archivedRuns []lifecycle.PastRun

func (r archivedRuns) Ended(_ context.Context, name types.NamespacedName) (found []lifecycle.PastRun, err error) {
	for _, run := range r {
		if run.Name == name {
			found = append(found, run)
		}
	}
	return found, nil
}

// A status that is older than the Job makes no second Job: the controller finds the one that it signed.
func TestCase64StatusOlderThanTheJob(t *testing.T) {
	for name, status := range map[string]v1alpha1.TaskExecutionStatus{
		"none":  {},
		"waits": {Phase: v1alpha1.PhaseQueued, Reason: v1alpha1.ReasonConcurrencyLimit},
	} {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t)
			stop := operatorIn(t, ns)
			create(t, newTask(ns))
			e := requestedRun(t, ns)
			create(t, e)
			ended := ranToItsEnd(t, e)
			stop()
			writeStatus(t, e, status)
			operatorIn(t, ns)
			reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
			if left := jobs(t, ns); len(left) != 1 || e.Status.Job == nil || e.Status.Job.UID != ended.Status.Job.UID {
				t.Errorf("%d Jobs exist, it has %+v, and had %+v", len(left), e.Status.Job, ended.Status.Job)
			}
		})
	}
}

// A Job whose run is gone does not count for a run of the same name that is created later.
func TestJobWithoutItsRun(t *testing.T) {
	ns := namespace(t)
	operatorIn(t, ns)
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	orphan := jobOf(t, e)
	if err := kube.Delete(t.Context(), e); err != nil { // there is no garbage collector here
		t.Fatal(err)
	}
	again := newExecution(ns)
	eventually(t, "the name is free", func() (bool, any) {
		err := kube.Create(t.Context(), again)
		return err == nil, err
	})
	if job := jobOf(t, again); job.UID == orphan.UID || job.Name == orphan.Name {
		t.Errorf("it took the Job %s", job.Name)
	}
}

// A schedule that is created again a week after its last run makes up for nothing, with its status and without.
func TestCase64ScheduleComesBackAfterAWeek(t *testing.T) {
	const week = 7 * 24 * time.Hour
	minutely := func(ns string) *v1alpha1.TaskSchedule {
		s := newSchedule(ns)
		s.Spec.Schedule, s.Spec.CatchUpLimit = "* * * * *", 3
		return s
	}
	weekAgo := func(s *v1alpha1.TaskSchedule) v1alpha1.TaskScheduleStatus {
		at := metav1.NewTime(time.Now().Add(-week).Truncate(time.Minute))
		return v1alpha1.TaskScheduleStatus{
			ObservedGeneration: s.Generation, ObservedSchedule: s.Spec.Schedule + " UTC", HandledUntil: &at, LastScheduleTime: &at, LastExecution: "nightly-x",
		}
	}
	comesBack := func(t *testing.T, withStatus bool) {
		ns := namespace(t)
		create(t, newTask(ns))
		s := minutely(ns)
		create(t, s)
		if withStatus {
			s.Status = weekAgo(s)
			if err := kube.Status().Update(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		operatorIn(t, ns)
		isReady(t, s, metav1.ConditionTrue, v1alpha1.ReasonScheduled)
		for _, tick := range runsOf(t, s) {
			if tick < s.CreationTimestamp.UTC().Format(time.RFC3339) {
				t.Errorf("the tick of %s, before its creation, was made up for", tick)
			}
		}
	}
	t.Run("created again without its status", func(t *testing.T) { comesBack(t, false) })
	t.Run("created again with its status", func(t *testing.T) { comesBack(t, true) })
}
