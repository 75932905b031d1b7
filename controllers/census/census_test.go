// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package census

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

type change func(*v1alpha1.TaskExecution)

// run returns an execution that was created some seconds after a fixed time.
func run(name string, second int, changes ...change) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 2, 12, 0, second, 0, time.UTC)),
	}}
	for _, c := range changes {
		c(e)
	}
	return e
}

func at(phase v1alpha1.Phase, reason string) change {
	return func(e *v1alpha1.TaskExecution) { e.Status.Phase, e.Status.Reason = phase, reason }
}

func queuedFor(blocker v1alpha1.QueueBlocker) change {
	return func(e *v1alpha1.TaskExecution) {
		e.Status.Phase, e.Status.Queue = v1alpha1.PhaseQueued, &v1alpha1.QueueStatus{BlockedBy: blocker}
	}
}

func withJob(e *v1alpha1.TaskExecution) { e.Status.Job = &v1alpha1.JobIdentity{Name: "job"} }

func cancelled(e *v1alpha1.TaskExecution) { e.Spec.Cancel = &v1alpha1.CancelRequest{} }

func TestStandingOf(t *testing.T) {
	for name, c := range map[string]struct {
		changes []change
		want    Standing
	}{
		"nobody has seen it":                      {nil, Waiting},
		"it waits for its turn":                   {[]change{at(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit)}, Waiting},
		"it waits for its Task":                   {[]change{at(v1alpha1.PhasePending, v1alpha1.ReasonTaskNotFound)}, Waiting},
		"it waits for its Secret":                 {[]change{at(v1alpha1.PhasePending, v1alpha1.ReasonSecretNotFound)}, Waiting},
		"its Job is refused for now":              {[]change{at(v1alpha1.PhasePending, v1alpha1.ReasonJobRefused)}, Active},
		"it has its Job":                          {[]change{at(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated), withJob}, Active},
		"its Job is suspended":                    {[]change{queuedFor(v1alpha1.BlockedByJob), withJob}, Active},
		"it runs":                                 {[]change{at(v1alpha1.PhaseRunning, ""), withJob}, Active},
		"it is being cancelled":                   {[]change{at(v1alpha1.PhaseCancelling, ""), withJob, cancelled}, Active},
		"it runs, and its Job is not decoded":     {[]change{at(v1alpha1.PhaseRunning, "")}, Active},
		"it was cancelled before it was seen":     {[]change{cancelled}, Leaving},
		"it was cancelled in the queue":           {[]change{queuedFor(v1alpha1.BlockedByTask), cancelled}, Leaving},
		"it was cancelled after its Job was none": {[]change{at(v1alpha1.PhasePending, v1alpha1.ReasonJobRefused), cancelled}, Leaving},
		"it completed":                            {[]change{at(v1alpha1.PhaseCompleted, ""), withJob}, Ended},
		"it was never started":                    {[]change{at(v1alpha1.PhaseFailed, v1alpha1.ReasonJobRefused)}, Ended},
		"it is cancelled":                         {[]change{at(v1alpha1.PhaseCancelled, ""), cancelled}, Ended},
	} {
		if got := StandingOf(run("a", 0, c.changes...)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTake(t *testing.T) {
	c := Take([]*v1alpha1.TaskExecution{
		run("f", 5),
		run("e", 4, queuedFor(v1alpha1.BlockedByTask)),
		run("gone", 4, queuedFor(v1alpha1.BlockedByTask), cancelled),
		run("d", 3, queuedFor(v1alpha1.BlockedByNamespace)),
		run("b", 1, withJob),
		run("a", 1, withJob, cancelled),
		run("done", 0, at(v1alpha1.PhaseCompleted, ""), withJob),
	})
	names := func(executions []*v1alpha1.TaskExecution) (out string) {
		for _, e := range executions {
			out += e.Name
		}
		return out
	}
	if got := names(c.Active) + " " + names(c.Waiting); got != "ab def" {
		t.Errorf("active and waiting are %q", got)
	}
	if got, want := c.Occupancy(), (Occupancy{Active: 2, Ahead: 3, Queued: 2, Blocked: v1alpha1.BlockedByNamespace}); got != want {
		t.Errorf("the occupancy is %+v, want %+v", got, want)
	}
	for of, want := range map[*v1alpha1.TaskExecution]int{run("d", 3): 0, run("f", 5): 2, run("e2", 4): 2, run("g", 9): 3} {
		if got := c.Ahead(of); got != want {
			t.Errorf("%d are ahead of %s, want %d", got, of.Name, want)
		}
	}
}

func TestRulesOf(t *testing.T) {
	task := &v1alpha1.Task{}
	if got, want := RulesOf(task), (Rules{v1alpha1.ConcurrencyAllow, 0, v1alpha1.DefaultMaxQueued}); got != want {
		t.Errorf("a Task that says nothing: %+v, want %+v", got, want)
	}
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: v1alpha1.ConcurrencyQueue, MaxQueued: ptr.To[int32](0)}
	if got, want := RulesOf(task), (Rules{v1alpha1.ConcurrencyQueue, 1, 0}); got != want {
		t.Errorf("Queue: %+v, want %+v", got, want)
	}
}

func TestJudge(t *testing.T) {
	const (
		allow, queue, forbid, replace = v1alpha1.ConcurrencyAllow, v1alpha1.ConcurrencyQueue, v1alpha1.ConcurrencyForbid, v1alpha1.ConcurrencyReplace
		byTask                        = v1alpha1.BlockedByTask
		byNamespace, byController     = v1alpha1.BlockedByNamespace, v1alpha1.BlockedByController
	)
	starts := Verdict{Outcome: Start}
	waits := Verdict{Queue, v1alpha1.ReasonConcurrencyLimit, byTask}
	full := Verdict{Refuse, v1alpha1.ReasonQueueFull, byTask}
	for name, c := range map[string]struct {
		rules     Rules
		occupancy Occupancy
		want      Verdict
	}{
		"Allow is for any number":                        {Rules{allow, 0, 5}, Occupancy{Active: 1000, Ahead: 10}, starts},
		"Allow with a bound waits":                       {Rules{allow, 2, 5}, Occupancy{Active: 2}, waits},
		"a place is free":                                {Rules{queue, 2, 5}, Occupancy{Active: 1}, starts},
		"no place is free":                               {Rules{queue, 2, 5}, Occupancy{Active: 2}, waits},
		"an older one gets the free place":               {Rules{queue, 2, 5}, Occupancy{Active: 1, Ahead: 1}, waits},
		"two older ones are new, and nobody runs":        {Rules{queue, 2, 5}, Occupancy{Ahead: 2}, waits},
		"more are active than a lowered limit lets be":   {Rules{queue, 1, 2}, Occupancy{Active: 9, Ahead: 1}, waits},
		"as many wait as may":                            {Rules{queue, 1, 2}, Occupancy{Active: 1, Ahead: 2}, full},
		"one of them gets the free place":                {Rules{queue, 1, 2}, Occupancy{Ahead: 2}, waits},
		"they are known to wait, for another limit":      {Rules{queue, 1, 2}, Occupancy{Ahead: 2, Queued: 2, Blocked: byNamespace}, full},
		"nobody may wait":                                {Rules{queue, 1, 0}, Occupancy{Active: 1}, full},
		"nobody may wait, and a place is free":           {Rules{queue, 1, 0}, Occupancy{}, starts},
		"it was accepted before":                         {Rules{queue, 1, 2}, Occupancy{Active: 1, Ahead: 2, Accepted: true}, waits},
		"Forbid with a free place":                       {Rules{forbid, 2, 5}, Occupancy{Active: 1}, starts},
		"Forbid":                                         {Rules{forbid, 2, 5}, Occupancy{Active: 2}, Verdict{Refuse, v1alpha1.ReasonConcurrencyForbidden, byTask}},
		"Forbid counts those that are new":               {Rules{forbid, 1, 5}, Occupancy{Ahead: 1}, Verdict{Refuse, v1alpha1.ReasonConcurrencyForbidden, byTask}},
		"Forbid is not for others' limits":               {Rules{forbid, 2, 5}, Occupancy{Active: 1, Blocked: byNamespace}, Verdict{Queue, v1alpha1.ReasonNamespaceLimit, byNamespace}},
		"Forbid does not reach those that were accepted": {Rules{forbid, 1, 5}, Occupancy{Active: 1, Accepted: true}, waits},
		"Replace": {Rules{replace, 1, 5}, Occupancy{Active: 1}, Verdict{Queue, v1alpha1.ReasonReplacing, byTask}},
		"Replace waits for others' limits like the rest":  {Rules{replace, 2, 5}, Occupancy{Active: 1, Blocked: byController}, Verdict{Queue, v1alpha1.ReasonControllerLimit, byController}},
		"Replace with a full queue":                       {Rules{replace, 1, 1}, Occupancy{Active: 1, Ahead: 1}, full},
		"the namespace's limit":                           {Rules{allow, 0, 5}, Occupancy{Active: 9, Blocked: byNamespace}, Verdict{Queue, v1alpha1.ReasonNamespaceLimit, byNamespace}},
		"the namespace's limit, and as many wait as may":  {Rules{allow, 0, 1}, Occupancy{Active: 9, Ahead: 1, Queued: 1, Blocked: byNamespace}, Verdict{Refuse, v1alpha1.ReasonQueueFull, byNamespace}},
		"the Task's limit goes before the namespace's":    {Rules{queue, 1, 5}, Occupancy{Active: 1, Blocked: byNamespace}, waits},
		"a limit over all Tasks, of one that is accepted": {Rules{allow, 0, 0}, Occupancy{Blocked: byController, Accepted: true}, Verdict{Queue, v1alpha1.ReasonControllerLimit, byController}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.rules.Judge(c.occupancy); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
