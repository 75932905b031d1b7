// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package population

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// present returns an unfinished execution that was created some time before noon.
func present(name string, phase v1alpha1.Phase, ago time.Duration, job, started bool) v1alpha1.TaskExecution {
	e := v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(-ago))}}
	e.Status.Phase = phase
	if job {
		e.Status.Job = &v1alpha1.JobIdentity{Name: name}
	}
	if started {
		e.Status.StartTime = ptr.To(e.CreationTimestamp)
	}
	return e
}

func took(d time.Duration) func(*v1alpha1.TaskExecution) {
	return func(e *v1alpha1.TaskExecution) {
		e.Status.StartTime = ptr.To(metav1.NewTime(e.Status.CompletionTime.Add(-d)))
	}
}

func TestSummarise(t *testing.T) {
	last := func(name string, phase v1alpha1.Phase, ago time.Duration) *v1alpha1.LastExecution {
		return &v1alpha1.LastExecution{Name: name, Phase: phase, CreationTime: metav1.NewTime(noon.Add(-ago))}
	}
	durations := func(runs int32, mean, p95 time.Duration) *v1alpha1.RunDurations {
		return &v1alpha1.RunDurations{Runs: runs, Mean: metav1.Duration{Duration: mean}, P95: metav1.Duration{Duration: p95}}
	}
	var many []v1alpha1.TaskExecution // took 1s to 150s; older ones took longer
	for i := range 150 {
		many = append(many, past(fmt.Sprint("run-", i), v1alpha1.PhaseCompleted, time.Duration(i)*time.Minute, took(time.Duration(i+1)*time.Second)))
	}
	for name, c := range map[string]struct {
		given []v1alpha1.TaskExecution
		want  v1alpha1.TaskStatus
	}{
		"no run": {nil, v1alpha1.TaskStatus{}},
		"one of each that goes on": {
			[]v1alpha1.TaskExecution{
				present("new", "", time.Second, false, false),
				present("no-task", v1alpha1.PhasePending, 2*time.Second, false, false),
				present("queued", "Queued", 3*time.Second, false, false),
				present("held", "Queued", 3*time.Second, true, false),
				present("pulls", v1alpha1.PhasePending, 4*time.Second, true, false),
				present("runs", v1alpha1.PhaseRunning, 5*time.Second, true, true),
				present("stops", v1alpha1.PhaseCancelling, 6*time.Second, true, true),
				present("stops-early", v1alpha1.PhaseCancelling, 6*time.Second, true, false),
			},
			v1alpha1.TaskStatus{Queued: 4, Pending: 2, Running: 2, LastExecution: last("new", v1alpha1.PhasePending, time.Second)},
		},
		"one of each that ended": {
			[]v1alpha1.TaskExecution{
				past("a", v1alpha1.PhaseCompleted, 3*time.Hour, took(4*time.Second)),
				past("b", v1alpha1.PhaseFailed, time.Hour, took(100*time.Second)),
				past("c", v1alpha1.PhaseCancelled, 2*time.Hour, took(100*time.Second)),
				past("d", v1alpha1.PhaseCompleted, 4*time.Hour, took(5*time.Second)),
			},
			v1alpha1.TaskStatus{
				Totals:        v1alpha1.RunTotals{Completed: 2, Failed: 1, Cancelled: 1},
				LastExecution: last("b", v1alpha1.PhaseFailed, time.Hour+time.Minute),
				Durations:     durations(2, 4500*time.Millisecond, 5*time.Second),
			},
		},
		"the newest hundred": {many, v1alpha1.TaskStatus{
			Totals: v1alpha1.RunTotals{Completed: 150}, LastExecution: last("run-0", v1alpha1.PhaseCompleted, time.Minute),
			Durations: durations(100, 50500*time.Millisecond, 95*time.Second),
		}},
		"one that completed without a start": {[]v1alpha1.TaskExecution{past("a", v1alpha1.PhaseCompleted, 0)}, v1alpha1.TaskStatus{
			Totals: v1alpha1.RunTotals{Completed: 1}, LastExecution: last("a", v1alpha1.PhaseCompleted, time.Minute),
		}},
		"clocks that differ": {[]v1alpha1.TaskExecution{past("a", v1alpha1.PhaseCompleted, 0, took(-time.Second))}, v1alpha1.TaskStatus{
			Totals: v1alpha1.RunTotals{Completed: 1}, LastExecution: last("a", v1alpha1.PhaseCompleted, time.Minute), Durations: durations(1, 0, 0),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			// Old values are replaced, except the fields that others write.
			got := v1alpha1.TaskStatus{ObservedGeneration: 7, Running: 9, Queued: 9, Totals: v1alpha1.RunTotals{Failed: 9}, Durations: durations(9, 9, 9)}
			Summarise(&got, c.given)
			c.want.ObservedGeneration = 7
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Whatever a status says, the counts agree with the census: each execution is in one of them, those that wait or leave
// are queued, and only those that have a place are pending or running.
func TestCountsAgreeWithTheCensus(t *testing.T) {
	phases := []v1alpha1.Phase{
		"", v1alpha1.PhasePending, v1alpha1.PhaseQueued, v1alpha1.PhaseRunning, v1alpha1.PhaseCancelling,
		v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled,
	}
	for _, phase := range phases {
		for bits := range 16 {
			e := present("a", phase, 0, bits&1 != 0, bits&2 != 0)
			if bits&4 != 0 {
				e.Spec.Cancel = &v1alpha1.CancelRequest{}
			}
			if bits&8 != 0 {
				e.Status.Reason = v1alpha1.ReasonJobRefused
			}
			var got v1alpha1.TaskStatus
			Summarise(&got, []v1alpha1.TaskExecution{e})
			totals := got.Totals.Completed + got.Totals.Failed + got.Totals.Cancelled
			if sum := int64(got.Queued+got.Pending+got.Running) + int64(totals); sum != 1 {
				t.Errorf("%s/%04b is counted %d times", phase, bits, sum)
			}
			switch standing := census.StandingOf(&e); {
			case (standing == census.Ended) != (totals == 1):
				t.Errorf("%s/%04b is %s, and the totals are %+v", phase, bits, standing, got.Totals)
			case (standing == census.Waiting || standing == census.Leaving) && got.Queued != 1:
				t.Errorf("%s/%04b is %s, and the counts are %+v", phase, bits, standing, got)
			}
		}
	}
}

func TestNewestExecutionWithinOneSecond(t *testing.T) {
	for name, c := range map[string]struct{ a, b v1alpha1.TaskExecution }{
		"not started yet": {present("z", v1alpha1.PhasePending, 0, true, false), present("a", v1alpha1.PhaseRunning, 0, true, true)},
		"by name":         {present("a", v1alpha1.PhasePending, 0, true, false), present("b", v1alpha1.PhasePending, 0, true, false)},
	} {
		if !createdAfter(&c.a, &c.b) || createdAfter(&c.b, &c.a) {
			t.Errorf("%s: %s and %s", name, c.a.Name, c.b.Name)
		}
	}
}
