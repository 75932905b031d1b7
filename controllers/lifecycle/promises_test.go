// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle/invariant"
)

func (w *world) checkCreate(plan Plan) {
	if plan.Create == nil {
		return
	}
	e := w.Execution
	if w.Observation.Job != nil || e.Status.Job != nil || e.Status.Phase.IsTerminal() || e.Spec.Cancel != nil || e.DeletionTimestamp != nil {
		w.Errorf("a Job is created in %s/%s, Job %v, cancel %v", e.Status.Phase, e.Status.Reason, e.Status.Job, e.Spec.Cancel)
	}
}

func (w *world) check(before, after *v1alpha1.TaskExecution, plan Plan) {
	for _, promise := range append(invariant.Status(after), invariant.Step(before, after)...) {
		w.Error(promise)
	}
	s := &plan.Status
	changed := !equality.Semantic.DeepEqual(before.Status, *s)
	if changed && s.ObservedGeneration != w.Execution.Generation {
		w.Errorf("it speaks of generation %d of %d", s.ObservedGeneration, w.Execution.Generation)
	}
	if s.Logs != nil {
		w.checkLogs(s)
	}
	if len(s.Message) > maxMessage {
		w.Errorf("a message of %d bytes", len(s.Message))
	}
	if waitsForEver(w, plan) {
		w.Errorf("%s/%s waits, and no event need come", s.Phase, s.Reason)
	}
	w.checkClock(s, plan)
	for _, pod := range plan.End {
		if podEnded(pod) || plan.EndReason == "" {
			w.Errorf("pod %s is to be ended for %q", pod.Name, plan.EndReason)
		}
	}
	if plan.DeleteJob && w.Observation.Job == nil {
		w.Error("a Job is deleted that was not seen")
	}
}

// checkEcho checks that reconciling a status that was just written, and does not end the run, plans nothing new. So no
// reconcile is needed when the cache shows it. Actions on pods and Jobs cause events of their own.
func (w *world) checkEcho(plan Plan) {
	soon := plan.Requeue == time.Millisecond // at once
	if soon || plan.Status.Phase.IsTerminal() || len(plan.End) > 0 || len(plan.Replace) > 0 || plan.DeleteJob {
		return
	}
	o := w.Observation
	o.Log.Due = false // the follower knows it
	again := Decide(o)
	again.Status.Logs = nil
	if !equality.Semantic.DeepEqual(again.Status, w.Execution.Status) {
		w.Errorf("another look would write again: %s", cmp.Diff(w.Execution.Status, again.Status))
	}
	if again.Create != nil && w.Queue == nil || len(again.End) > 0 || len(again.Replace) > 0 || again.DeleteJob {
		w.Errorf("another look would do more: %+v", again)
	}
	if again.Requeue > 0 && (plan.Requeue == 0 || again.Requeue < plan.Requeue) {
		w.Errorf("another look would ask to look after %s and not %s", again.Requeue, plan.Requeue)
	}
}

// checkClock checks that each pod that runs longer than the timeout is told to end, whatever the other pods did. A Job
// that has decided deletes its own pods.
func (w *world) checkClock(s *v1alpha1.TaskExecutionStatus, plan Plan) {
	timeout := w.limits().Timeout
	due, runs := s.Deadline(timeout)
	if w.Observation.Job == nil || s.Phase.IsTerminal() || !runs || w.Now.Before(due.Time) || JobFinished(w.Observation.Job) {
		return
	}
	over := hasDecided(w.Observation.Job) || enoughSucceeded(&w.Observation, gather(&w.Observation))
	for _, pod := range w.Pods {
		if over && pod.DeletionTimestamp != nil {
			continue
		}
		if _, _, told := endMark(pod); !told && !podEnded(pod) && pod.Spec.NodeName != "" && !slices.Contains(plan.End, pod) {
			w.Errorf("%s runs after the timeout of %s, and is not told to end", pod.Name, timeout.Duration)
		}
	}
}

// waitsForEver reports whether a plan waits with no clock set, although one should be. Otherwise an event of the Job
// must come: its controller creates or counts a pod, or a kubelet starts or ends one.
func waitsForEver(w *world, plan Plan) bool {
	if plan.Requeue > 0 || plan.Create != nil || plan.Status.Phase.IsTerminal() {
		return false
	}
	if plan.Status.Phase == v1alpha1.PhaseQueued { // the ledger, or whoever resumes its Job, wakes it
		return w.task != nil && w.Observation.Job == nil && w.task.Spec.QueueTimeout != nil
	}
	if plan.Status.Phase == v1alpha1.PhaseCancelling || w.Observation.Job == nil {
		return true
	}
	f := gather(&w.Observation)
	if f.waits() {
		return f.snapshot.StartTimeout != nil && !startClockFrom(w.Observation.Job).IsZero()
	}
	over := (enoughSucceeded(&w.Observation, f) || hasDecided(w.Observation.Job)) && !goesOn(f)
	return f.snapshot.Timeout != nil && !over
}

var (
	firstEntry = regexp.MustCompile(`^开始执行任务`)
	lastEntry  = regexp.MustCompile(`^任务(执行成功|执行失败: |已取消)`)
	marker     = regexp.MustCompile(`^此前的 \d+ 条日志未保留$`)
)

// checkLogs checks that the tail is within its budget, and that each lifecycle line is there once, in its place.
func (w *world) checkLogs(s *v1alpha1.TaskExecutionStatus) {
	limits := w.limits()
	raw, err := json.Marshal(s.Logs)
	if err != nil {
		w.Fatal(err)
	}
	if len(s.Logs) > limits.MaxEntries || int64(len(raw)) > limits.MaxBytes+2 {
		w.Errorf("%d entries of %d bytes", len(s.Logs), len(raw))
	}
	at := func(entry *regexp.Regexp) (places []int) {
		for i := range s.Logs {
			if entry.MatchString(s.Logs[i].Message) {
				places = append(places, i)
			}
		}
		return places
	}
	said := func(what string, places []int, want bool, place int) {
		if wrong := want && (len(places) != 1 || places[0] != place) || !want && len(places) > 0; wrong {
			w.Errorf("%s stands at %v, want it %t at %d: %s", what, places, want, place, strings.ReplaceAll(messagesOf(s.Logs), "|", "\n"))
		}
	}
	said("the start", at(firstEntry), s.StartTime != nil, 0)
	said("the end", at(lastEntry), s.Phase.IsTerminal(), len(s.Logs)-1)
	if places := at(marker); len(places) > 0 {
		said("what was not kept", places, true, 1)
	}
	if s.LogSummary == nil {
		w.Error("a log without a summary")
	}
}
