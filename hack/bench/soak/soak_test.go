// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestFaultOf(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.TaskExecutionStatus)
		jobs   int
		says   string
	}{
		"whole":              {func(*v1alpha1.TaskExecutionStatus) {}, 1, ""},
		"with a gap":         {func(s *v1alpha1.TaskExecutionStatus) { s.LogSummary.Complete, s.LogSummary.Reason = false, "Rotated" }, 1, ""},
		"failed":             {func(s *v1alpha1.TaskExecutionStatus) { s.Phase = v1alpha1.PhaseFailed }, 1, "Failed"},
		"two Jobs":           {func(*v1alpha1.TaskExecutionStatus) {}, 2, "2 Jobs"},
		"no Job":             {func(*v1alpha1.TaskExecutionStatus) {}, 0, "0 Jobs"},
		"two attempts":       {func(s *v1alpha1.TaskExecutionStatus) { s.Attempts = 2 }, 1, "2 attempts"},
		"nothing of its log": {func(s *v1alpha1.TaskExecutionStatus) { s.LogSummary = nil }, 1, "nothing is said"},
		"a line too many":    {func(s *v1alpha1.TaskExecutionStatus) { s.LogSummary.Entries = 4 }, 1, "4 lines of 3"},
		"a gap for nothing":  {func(s *v1alpha1.TaskExecutionStatus) { s.LogSummary.Complete = false }, 1, "no reason"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &v1alpha1.TaskExecution{}
			e.Status = v1alpha1.TaskExecutionStatus{Phase: v1alpha1.PhaseCompleted, Attempts: 1, LogSummary: &v1alpha1.LogSummary{Entries: 3, Complete: true}}
			c.change(&e.Status)
			got := (&account{lines: 3}).faultOf(e, c.jobs)
			if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
				t.Errorf("got %q, want %q", got, c.says)
			}
		})
	}
}

func TestTrend(t *testing.T) {
	series := func(memory ...float64) (taken []sample) {
		for _, m := range memory {
			taken = append(taken, sample{memory: m})
		}
		return taken
	}
	for name, c := range map[string]struct {
		taken       []sample
		early, late float64
	}{
		"too few":       {series(1, 2, 3), 0, 0},
		"flat":          {series(1, 5, 5, 5), 5, 5},
		"grows":         {series(1, 1, 2, 4, 6, 8, 10, 12), 3, 11},
		"with a rest":   {series(1, 2, 3, 4, 9), 2, 9},
		"falls at last": {series(1, 8, 8, 2), 8, 2},
	} {
		t.Run(name, func(t *testing.T) {
			early, late := trend(c.taken, func(s *sample) float64 { return s.memory })
			if early != c.early || late != c.late {
				t.Errorf("got %g and %g, want %g and %g", early, late, c.early, c.late)
			}
		})
	}
}

// The answer to a deletion may be lost. The run is then seen again, but checked only once.
func TestARunIsJudgedOnce(t *testing.T) {
	a := &account{lines: 3, open: map[string]time.Time{}}
	a.begin("a")
	a.begin("b")
	a.begin("c")
	a.neverWas("c")
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	e.Status = v1alpha1.TaskExecutionStatus{Phase: v1alpha1.PhaseCompleted, Attempts: 1, LogSummary: &v1alpha1.LogSummary{Entries: 3, Complete: true}}
	a.judge(e, 1)
	a.judge(e, 0)
	if a.created != 2 || a.judged != 1 || a.whole != 1 || len(a.wrong) > 0 || len(a.open) != 1 {
		t.Errorf("%d made, %d judged, %d whole, wrong %q, open %v", a.created, a.judged, a.whole, a.wrong, a.open)
	}
}
