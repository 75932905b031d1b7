// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/queue"
	"github.com/taskexec/taskexec/hack/walks"
)

// Whatever users, clocks, nodes and faults do, no status breaks an invariant. When everything is calm again, the run
// ends.
//
// The random walks are the same each time. This command tries others:
//
//	go test ./controllers/lifecycle -run TestModel -rapid.seed=0 -rapid.checks=100000
//
// A failing walk is shortened and printed, with the command that repeats it.
func TestModel(t *testing.T) {
	walks.Same(t, 3000, 30)
	ends := map[v1alpha1.Phase]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		happenings := w.happenings()
		happenings[""] = func(*rapid.T) { w.controller() } // after each of them
		t.Repeat(happenings)
		w.calm()
		ends[w.Execution.Status.Phase]++
	})
	for _, p := range []v1alpha1.Phase{v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled} {
		if ends[p] < 100 && !t.Failed() {
			t.Errorf("the worlds are too kind: %v", ends)
		}
	}
}

// These are the ways in which the controller reconciles the run, the ordinary one first.
const (
	looks        = "looks"
	isAway       = "is away"
	cannotWrite  = "looks, and cannot write"
	cannotAct    = "looks, and cannot act"
	diesUnsaid   = "looks, acts and dies before it writes"
	isStartedNew = "is started anew, and looks"
)

// controller reconciles the run, or not, or with a fault.
func (w *world) controller() {
	how := pick(w, "the controller", looks, looks, looks, looks, isAway, cannotWrite, cannotAct, diesUnsaid, isStartedNew)
	if how == isAway {
		return
	}
	if how == isStartedNew {
		w.startedAnew()
	}
	w.look(how)
	if how == diesUnsaid {
		w.startedAnew()
	}
}

// startedAnew forgets the log that was read. It is read again from the beginning, as far as the pods still have it.
func (w *world) startedAnew() { w.read, w.Observation.Log = 0, LogState{} }

// look reconciles once and records the status.
func (w *world) look(how string) {
	before := w.Execution.DeepCopy()
	w.Start, w.Queue, w.Observation.Job, w.Observation.Task, w.Mirrored = StartResult{}, nil, w.job, nil, nil
	if w.job == nil && !LogIsFinal(before) {
		w.Observation.Task = w.task
	}
	if s := before.Status.LogSummary; s != nil && (w.Observation.Log.Read || w.Observation.Log.GaveUp != "") && w.Observation.Log.Lines < s.Entries {
		w.Mirrored = w.logs
	}
	plan := Decide(w.Observation)
	w.checkCreate(plan)
	w.apply(plan, how)
	if plan.Create != nil {
		if plan = Decide(w.Observation); plan.Create != nil && (w.Queue == nil || w.Queue.Granted) {
			w.Error("a Job is to be created whose creation was answered")
		}
		w.apply(plan, how)
	}
	if !equality.Semantic.DeepEqual(before, w.Execution) {
		w.Error("deciding changed the execution, which is the cache's")
	}
	after := before.DeepCopy()
	after.Status = plan.Status
	w.Logf("%s: %s/%s, Job %t, %d pods", how, after.Status.Phase, after.Status.Reason, w.job != nil, len(w.Pods))
	w.check(before, after, plan)
	if how == cannotWrite || how == diesUnsaid {
		return
	}
	if plan.Status.Logs != nil {
		w.logs = plan.Status.Logs
	}
	w.Execution.Status = plan.Status
	w.Execution.Status.Logs = nil
	w.checkEcho(plan)
}

// apply carries out a plan, except what the API server refuses.
func (w *world) apply(p Plan, how string) {
	for _, pod := range p.End {
		if how != cannotAct {
			marked(p.EndReason, noon.Sub(w.Now))(pod)
		}
	}
	if p.DeleteJob && how != cannotAct {
		w.job = nil
	}
	if p.Create == nil || w.Start.Outcome != StartNotTried || w.Queue != nil {
		return
	}
	if w.turn(); !w.Queue.Granted {
		return
	}
	switch pick(w, "the API server", "takes the Job", "takes the Job", "takes the Job", "refuses the Job for now", "refuses such a Job", "has another's Job of that name") {
	case "refuses the Job for now":
		w.Start = StartResult{StartRefused, "exceeded quota"}
	case "refuses such a Job":
		w.Start = StartResult{StartInvalid, "spec.template: Invalid"}
	case "has another's Job of that name":
		w.Start = StartResult{StartConflict, "exists"}
	default:
		w.created++
		w.job = p.Create
		w.job.UID = types.UID(fmt.Sprintf("job-%d", w.created))
		w.job.CreationTimestamp = metav1.NewTime(w.Now)
		w.Observation.Job = w.job
	}
}

// turn asks the ledger, whose answer is random.
func (w *world) turn() {
	occupancy := census.Occupancy{
		Active: w.number("active", 0, 4), Accepted: w.chance("it was accepted before", 5),
		Blocked: pick(w, "limit over all Tasks", v1alpha1.BlockedByNamespace, v1alpha1.BlockedByController),
	}
	if w.chance("the queue is full", 5) {
		occupancy.Queued = v1alpha1.DefaultMaxQueued
	}
	w.Queue = &queue.Answer{
		Granted: !w.either("others are before it"), Since: w.Now, Position: w.number("position", 1, 20), Limit: 3, Active: []string{"a", "b"}, Rules: census.RulesOf(w.task), Occupancy: occupancy,
	}
}

// calm lets everyone do their part, so that the run ends and its log is final.
func (w *world) calm() {
	w.task = given().Observation.Task
	for range 20 {
		w.Now = w.Now.Add(10 * time.Minute)
		if w.job != nil {
			w.job.Spec.Suspend = nil
		}
		for _, pod := range w.Pods {
			if !podEnded(pod) {
				pod.Status.Phase = "Succeeded"
			}
		}
		w.Observation.Log.Read, w.Observation.Log.Drained, w.Observation.Log.Waited = true, true, reportGrace
		if w.jobEnds(); LogIsFinal(w.Execution) {
			return
		}
		w.look(looks)
	}
	w.Errorf("it does not end: %s/%s", w.Execution.Status.Phase, w.Execution.Status.Reason)
}
