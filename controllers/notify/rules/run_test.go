// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// run returns an observation of a run that was created an hour ago.
func run(phase v1alpha1.Phase, with ...func(*Observation)) Observation {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: "r", UID: "r", CreationTimestamp: metav1.NewTime(noon.Add(-time.Hour))}}
	e.Status.Phase = phase
	if phase.IsTerminal() {
		e.Status.CompletionTime = &metav1.Time{Time: noon.Add(-time.Minute)}
	}
	o := Observation{Now: noon, Execution: e}
	for _, f := range with {
		f(&o)
	}
	return o
}

func startedAgo(d time.Duration) func(*Observation) {
	return func(o *Observation) { o.Execution.Status.StartTime = &metav1.Time{Time: noon.Add(-d)} }
}

func before(phases ...v1alpha1.Phase) func(*Observation) {
	return func(o *Observation) { o.Before = phases }
}

func reason(r string) func(*Observation) {
	return func(o *Observation) { o.Execution.Status.Reason = r }
}

func scheduled(o *Observation) { o.Execution.Spec.Trigger.Source = v1alpha1.TriggerSchedule }

func p95(runs int32, d time.Duration) func(*Observation) {
	return func(o *Observation) {
		o.Durations = &v1alpha1.RunDurations{Runs: runs, P95: metav1.Duration{Duration: d}}
	}
}

func captured(status metav1.ConditionStatus, reason string) func(*Observation) {
	return func(o *Observation) {
		o.Execution.Status.Conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionLogsCaptured, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(noon.Add(-time.Second)),
		}}
	}
}

func suspended(total time.Duration, now bool) func(*Observation) {
	return func(o *Observation) {
		o.Execution.Status.Suspension = &v1alpha1.Suspension{Total: metav1.Duration{Duration: total}}
		if now {
			o.Execution.Status.Suspension.Since = &metav1.Time{Time: noon}
		}
	}
}

const (
	ok   = v1alpha1.PhaseCompleted
	bad  = v1alpha1.PhaseFailed
	gone = v1alpha1.PhaseCancelled
	goes = v1alpha1.PhaseRunning
)

func TestEventsOfARun(t *testing.T) {
	all := Subscription{Events: Events()}
	byDefault := Subscription{}
	for name, c := range map[string]struct {
		o    Observation
		s    Subscription
		want string
		wait time.Duration
	}{
		"failed":                               {run(bad), byDefault, "Failed", 0},
		"failed, asked for nothing of that":    {run(bad), Subscription{Events: []Event{Completed}}, "", 0},
		"completed":                            {run(ok), all, "Completed", 0},
		"completed, by default":                {run(ok), byDefault, "", 0},
		"cancelled":                            {run(gone), all, "Cancelled", 0},
		"cancelled, by default":                {run(gone), byDefault, "", 0},
		"failed twice in a row":                {run(bad, before(bad)), all, "Failed", 0},
		"failed for the 3rd time":              {run(bad, before(bad, bad, ok)), all, "FailedInARow", 0},
		"failed for the 4th time":              {run(bad, before(bad, bad, bad)), all, "Failed", 0},
		"the 2nd of 2":                         {run(bad, before(bad)), Subscription{Events: []Event{FailedInARow}, InARow: 2}, "FailedInARow", 0},
		"a cancelled one between":              {run(bad, before(bad, gone, bad, ok)), all, "FailedInARow", 0},
		"a completed one between":              {run(bad, before(bad, ok, bad)), all, "Failed", 0},
		"both events, when only one is wanted": {run(bad, before(bad, bad)), Subscription{Events: []Event{Failed}}, "Failed", 0},
		"recovered":                            {run(ok, before(bad, ok)), all, "Recovered", 0},
		"recovered, by default":                {run(ok, before(bad)), byDefault, "Recovered", 0},
		"recovered, when Completed is wanted":  {run(ok, before(bad)), Subscription{Events: []Event{Completed}}, "Completed", 0},
		"recovered after a cancelled one":      {run(ok, before(gone, bad)), all, "Recovered", 0},
		"the first run":                        {run(ok, before()), all, "Completed", 0},

		"refused run of a schedule":           {run(bad, scheduled, reason(v1alpha1.ReasonConcurrencyForbidden)), all, "NotRun", 0},
		"refused, the 3rd in a row":           {run(bad, scheduled, before(bad, bad)), all, "NotRun", 0},
		"refused, when only Failed is wanted": {run(bad, scheduled), Subscription{Events: []Event{Failed}}, "Failed", 0},
		"failed run of a schedule":            {run(bad, scheduled, startedAgo(time.Hour)), all, "Failed", 0},
		"refused run of a person":             {run(bad, reason(v1alpha1.ReasonConcurrencyForbidden)), all, "Failed", 0},

		"log incomplete":       {run(bad, captured(metav1.ConditionFalse, v1alpha1.ReasonLogsRotated)), all, "Failed LogIncomplete", 0},
		"log being read":       {run(bad, captured(metav1.ConditionUnknown, v1alpha1.ReasonLogsCapturing)), all, "Failed", 0},
		"log whole":            {run(ok, captured(metav1.ConditionTrue, v1alpha1.ReasonLogsComplete)), all, "Completed", 0},
		"no container, no log": {run(bad, captured(metav1.ConditionFalse, v1alpha1.ReasonLogsNoContainer)), all, "Failed", 0},

		"copy of an earlier run": {run(bad, reason(v1alpha1.ReasonRestoredCopy)), all, "", 0},

		"runs, nothing known":       {run(goes, startedAgo(time.Hour)), all, "", 0},
		"runs within the expected":  {run(goes, startedAgo(time.Minute)), Subscription{Expected: 5 * time.Minute}, "", 4 * time.Minute},
		"runs beyond the expected":  {run(goes, startedAgo(time.Hour)), Subscription{Expected: 5 * time.Minute}, "Late", 0},
		"ended beyond the expected": {run(ok, startedAgo(time.Hour)), Subscription{Expected: time.Minute}, "", 0},
		"late by its p95":           {run(goes, startedAgo(time.Hour), p95(20, 20*time.Minute)), all, "Late", 0},
		"not late by its p95":       {run(goes, startedAgo(30*time.Minute), p95(20, 20*time.Minute)), all, "", 10 * time.Minute},
		"late by 3 times its p95":   {run(goes, startedAgo(50*time.Minute), p95(20, 20*time.Minute)), Subscription{LatePercent: 300}, "", 10 * time.Minute},
		"few runs":                  {run(goes, startedAgo(time.Hour), p95(4, time.Minute)), all, "", 0},
		"a p95 of milliseconds":     {run(goes, startedAgo(30*time.Second), p95(100, 10*time.Millisecond)), all, "", 30 * time.Second},
		"the expected before p95":   {run(goes, startedAgo(30*time.Minute), p95(20, time.Minute)), Subscription{Expected: time.Hour}, "", 30 * time.Minute},
		"was suspended":             {run(goes, startedAgo(time.Hour), suspended(50*time.Minute, false)), Subscription{Expected: 20 * time.Minute}, "", 10 * time.Minute},
		"is suspended":              {run(v1alpha1.PhaseQueued, startedAgo(time.Hour), suspended(0, true)), Subscription{Expected: time.Minute}, "", 0},
		"late while cancelling":     {run(v1alpha1.PhaseCancelling, startedAgo(time.Hour)), Subscription{Expected: time.Minute}, "Late", 0},

		"queued for an hour":      {run(v1alpha1.PhaseQueued), all, "QueuedTooLong", 0},
		"pending for an hour":     {run(v1alpha1.PhasePending), byDefault, "QueuedTooLong", 0},
		"not seen for an hour":    {run(""), byDefault, "QueuedTooLong", 0},
		"queued within the limit": {run(v1alpha1.PhaseQueued), Subscription{QueuedFor: 2 * time.Hour}, "", time.Hour},
		"cancelled in the queue":  {run(v1alpha1.PhaseCancelling), all, "", 0},

		"from before the subscription": {run(bad), Subscription{Since: noon.Add(-30 * time.Second)}, "", 0},
		"late from before it":          {run(goes, startedAgo(time.Hour)), Subscription{Expected: time.Minute, Since: noon.Add(-time.Minute)}, "", 0},
		"too old":                      {run(bad, func(o *Observation) { o.Oldest = 30 * time.Second }), all, "", 0},
		"old enough":                   {run(bad, func(o *Observation) { o.Oldest = time.Minute }), all, "Failed", 0},
		"no time of its end":           {run(bad, func(o *Observation) { o.Execution.Status.CompletionTime = nil }), all, "Failed", 0},
	} {
		t.Run(name, func(t *testing.T) {
			due, wait := Judge(c.o, c.s)
			var got []string
			for _, d := range due {
				got = append(got, string(d.Event))
			}
			if strings.Join(got, " ") != c.want || wait != c.wait {
				t.Errorf("got %v after %v, want %q after %v", got, wait, c.want, c.wait)
			}
		})
	}
}

// A message says how many runs failed in a row, what was exceeded, and when.
func TestWhatAnEventKnows(t *testing.T) {
	all := Subscription{Events: Events(), Expected: 5 * time.Minute}
	for name, c := range map[string]struct {
		o    Observation
		want Due
	}{
		"failed":    {run(bad, before(bad)), Due{Failed, noon.Add(-time.Minute), 2, 0}},
		"recovered": {run(ok, before(bad, bad, ok, bad)), Due{Recovered, noon.Add(-time.Minute), 2, 0}},
		"late":      {run(goes, startedAgo(time.Hour)), Due{Late, noon.Add(-55 * time.Minute), 0, 5 * time.Minute}},
		"queued":    {run(v1alpha1.PhaseQueued), Due{QueuedTooLong, noon.Add(-45 * time.Minute), 0, 15 * time.Minute}},
	} {
		t.Run(name, func(t *testing.T) {
			due, _ := Judge(c.o, all)
			if len(due) != 1 || due[0] != c.want {
				t.Errorf("got %+v, want %+v", due, c.want)
			}
		})
	}
}

func TestEndedBefore(t *testing.T) {
	at := func(name string, phase v1alpha1.Phase, ago time.Duration) v1alpha1.TaskExecution {
		o := run(phase)
		e := *o.Execution
		e.Name, e.UID = name, types.UID(name)
		if phase.IsTerminal() {
			e.Status.CompletionTime = &metav1.Time{Time: noon.Add(-ago)}
		}
		return e
	}
	this := at("m", bad, time.Minute)
	copied := at("copy", bad, time.Hour)
	copied.Status.Reason = v1alpha1.ReasonRestoredCopy
	got := EndedBefore(&this, []v1alpha1.TaskExecution{
		at("old", gone, 3*time.Hour), at("running", goes, 0), this, at("later", ok, time.Second), copied,
		at("n", ok, time.Minute), at("l", bad, time.Minute), at("new", ok, 2*time.Minute),
	})
	if want := []v1alpha1.Phase{bad, ok, gone}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEventsAreKnown(t *testing.T) {
	for _, e := range Events() {
		if !e.Known() {
			t.Errorf("%s is not known", e)
		}
		if !slices.ContainsFunc(table, func(r rule) bool { return r.event == e }) {
			t.Errorf("%s has no rule", e)
		}
	}
	if Event("failed").Known() {
		t.Error("an unknown event is known")
	}
}

// A subscription to everything gets at most one event about the end, and at most MaxOfARun in all.
func TestEventsOfARunAreFew(t *testing.T) {
	others := 0
	for _, e := range Events() {
		if !AboutTheEnd(e) {
			others++
		}
	}
	if others+1 != MaxOfARun {
		t.Errorf("%d events are not about the end", others)
	}
	all := Subscription{Events: Events(), InARow: 2}
	for _, phase := range []v1alpha1.Phase{ok, bad, gone, goes, v1alpha1.PhaseQueued} {
		for _, previous := range [][]v1alpha1.Phase{nil, {ok}, {bad}, {bad, bad}, {gone}} {
			due, _ := Judge(run(phase, scheduled, before(previous...), captured(metav1.ConditionFalse, v1alpha1.ReasonLogsRotated)), all)
			ends := 0
			for _, d := range due {
				if AboutTheEnd(d.Event) {
					ends++
				}
			}
			if ends > 1 || (ends == 1) != phase.IsTerminal() {
				t.Errorf("%s after %v: %v", phase, previous, due)
			}
		}
	}
}
