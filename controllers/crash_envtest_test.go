// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// playedAtOnce is how many flows run in parallel. Each flow mostly waits.
const playedAtOnce = 24

// Each flow is first played undisturbed, to record its end and the calls that the operator makes to the API server.
// Then it is played again once for each call and fault: the call fails or kills the operator, before or after it took
// effect. Each replay ends as the first did, and no status on the way breaks an invariant.
func TestCrashAfterEachCall(t *testing.T) {
	t.Parallel()
	type disturbed struct {
		flow
		fault
		undisturbed string
	}
	var todo []disturbed
	var mu sync.Mutex
	inParallel(len(flows), func(i int) {
		f := flows[i]
		t.Run(f.name+", undisturbed", func(t *testing.T) {
			end, c := f.play(t, fault{}, "")
			made, _ := c.told()
			t.Logf("%d calls: %s", len(made), strings.Join(made, ", "))
			mu.Lock()
			defer mu.Unlock()
			for _, call := range made {
				if i > 0 && (strings.Contains(call, " ConfigMap ") || strings.Contains(call, " Namespace ") || strings.Contains(call, " ValidatingAdmissionPolicy")) {
					continue // in every flow the operator publishes its key, and reads the policy and the identity of the cluster, in the same way
				}
				for _, how := range faultsOf(call) {
					todo = append(todo, disturbed{f, how, end})
				}
			}
		})
	})
	missed := 0
	inParallel(len(todo), func(i int) {
		d := todo[i]
		t.Run(fmt.Sprintf("%s, %s", d.name, d.fault), func(t *testing.T) {
			_, c := d.play(t, d.fault, d.undisturbed)
			if _, struck := c.told(); !struck {
				t.Log("there was no such call this time")
				mu.Lock()
				missed++
				mu.Unlock()
			}
		})
	})
	t.Logf("%d disturbed runs, of which %d did not come to the call", len(todo), missed)
	if len(todo) < 20*len(flows) || missed > len(todo)/10 {
		t.Errorf("%d disturbed runs of %d flows, and %d did not come to the call", len(todo), len(flows), missed)
	}
}

// faultsOf returns the distinct faults of a call. Dying before a call takes effect equals dying after the call before
// it, and a read has no effect.
func faultsOf(call string) []fault {
	for _, read := range []string{"get ", "list ", "try to create "} {
		if strings.HasPrefix(call, read) {
			return []fault{{call: call}}
		}
	}
	return []fault{{call: call}, {call: call, applied: true}, {call: call, applied: true, dies: true}}
}

func inParallel(n int, do func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range playedAtOnce {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

// play plays a flow in a namespace of its own. If want is set, it waits for that end.
func (f flow) play(t *testing.T, befalls fault, want string) (end string, c *calls) {
	t.Helper()
	ns, c := namespace(t), &calls{fault: befalls}
	s := &stage{ns, newWitness(t, ns)}
	mortalOperator(t, ns, c, func(o *controllers.Options) {
		o.HistoryPace = time.Hour                                          // one flow tests the figures of a Task
		o.LogFlush.Interval, o.LogFlush.MaxInterval = time.Hour, time.Hour // never during a flow
		for _, change := range f.changes {
			change(o)
		}
	})
	f.act(t, s)
	s.settles(t, s.ns, "all is over", func() (bool, any) { return s.over(f.figures), s.end() })
	if want != "" {
		s.until(t, "it ends like undisturbed", func() (bool, any) {
			end = s.end()
			return end == want, cmp.Diff(want, end)
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end(), c
}

// over reports whether the operator has nothing more to do. Each execution waits for a node, or has ended and its log
// is final. Stopped runs have no Job. Tasks and schedules have recorded the executions that they created. Each Task is
// judged, and its figures, if kept, count all runs.
func (s *stage) over(figures bool) bool {
	var ended int32
	for _, e := range all[*v1alpha1.TaskExecution](s.witness) {
		if !lifecycle.LogIsFinal(e) && !s.waitsForNode(e) {
			return false
		}
		ended++
	}
	for _, job := range all[*batchv1.Job](s.witness) {
		e := seen[*v1alpha1.TaskExecution](s.witness, job.Annotations[v1alpha1.AnnotationExecution])
		if e.Status.Phase == v1alpha1.PhaseCancelled || e.Status.Reason == v1alpha1.ReasonDeadlineExceeded {
			return false
		}
	}
	for _, schedule := range all[*v1alpha1.TaskSchedule](s.witness) {
		if schedule.Status.LastExecution == "" {
			return false
		}
	}
	return !slices.ContainsFunc(all[*v1alpha1.Task](s.witness), func(task *v1alpha1.Task) bool {
		totals, change := &task.Status.Totals, task.Status.Change
		runs := task.Annotations[v1alpha1.AnnotationRunOnChange] != ""
		return task.Status.ObservedGeneration <= 0 || runs && (change == nil || change.Execution == "") || figures && totals.Completed+totals.Failed+totals.Cancelled != ended
	})
}

// waitsForNode reports whether no node has a pod of the execution's Job. The status may lag behind.
func (s *stage) waitsForNode(e *v1alpha1.TaskExecution) bool {
	return e.Status.Reason == v1alpha1.ReasonJobCreated && !slices.ContainsFunc(all[*corev1.Pod](s.witness), func(pod *corev1.Pod) bool {
		return pod.Annotations[v1alpha1.AnnotationExecution] == e.Name && pod.Status.Phase != corev1.PodPending
	})
}

// end returns all that is left in the namespace, without identities and times.
func (s *stage) end() string {
	names := []string{s.ns, "NAMESPACE"}
	for _, e := range all[*v1alpha1.TaskExecution](s.witness) {
		names = append(names, jobspec.JobName(e.Name, e.UID), "JOB")
		if e.Spec.Trigger.Source != v1alpha1.TriggerKubectl { // the operator chose its name
			names = append(names, e.Name, "RUN")
		}
	}
	var out []string
	add := func(what any) {
		raw, err := json.Marshal(what)
		if err != nil {
			raw = []byte(err.Error())
		}
		out = append(out, strings.NewReplacer(names...).Replace(string(raw)))
	}
	for _, e := range all[*v1alpha1.TaskExecution](s.witness) {
		add(endOfExecution(e))
	}
	for _, job := range all[*batchv1.Job](s.witness) {
		add(fmt.Sprintf("job of %s, %d conditions", job.Annotations[v1alpha1.AnnotationExecution], len(job.Status.Conditions)))
	}
	for _, pod := range all[*corev1.Pod](s.witness) {
		why, _, _ := strings.Cut(pod.Annotations[v1alpha1.AnnotationEnded], " ")
		add(fmt.Sprintf("pod of %s, %s, ended for %q", pod.Annotations[v1alpha1.AnnotationExecution], pod.Status.Phase, why))
	}
	for _, task := range all[*v1alpha1.Task](s.witness) {
		status := task.Status.DeepCopy()
		if status.LastExecution != nil {
			status.LastExecution.Name = "" // two runs may fall into one second
			undated(&status.LastExecution.CreationTime)
		}
		if status.Durations != nil {
			status.Durations.Mean.Duration, status.Durations.P95.Duration = 0, 0
		}
		for i := range status.Conditions {
			undated(&status.Conditions[i].LastTransitionTime)
		}
		add(status)
	}
	for _, schedule := range all[*v1alpha1.TaskSchedule](s.witness) {
		status := &schedule.Status
		add([]any{status.LastExecution, status.LastScheduleTime.Equal(status.HandledUntil), status.NextScheduleTime != nil})
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// endOfExecution returns the status without identities and times. It only says whether they are set.
func endOfExecution(e *v1alpha1.TaskExecution) any {
	status := e.Status.DeepCopy()
	for i := range status.Conditions {
		undated(&status.Conditions[i].LastTransitionTime)
	}
	for i := range status.Pods {
		p := &status.Pods[i]
		p.Name, p.UID = "", ""
		undated(p.StartTime)
		undated(p.FinishTime)
	}
	for i := range status.Logs {
		status.Logs[i].Timestamp = metav1.MicroTime{}
	}
	if c := status.Cancellation; c != nil {
		undated(&c.AcknowledgedTime)
		undated(c.CompletionTime)
	}
	if status.Job != nil {
		status.Job.UID = ""
	}
	if status.Task != nil {
		status.Task.UID = ""
	}
	undated(status.StartTime)
	undated(status.CompletionTime)
	status.Duration = ""
	return map[string]any{"name": e.Name, "cancel": e.Spec.Cancel, "status": status}
}

func undated(t *metav1.Time) {
	if t != nil {
		*t = metav1.Time{}
	}
}
