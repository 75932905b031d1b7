// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestLogsCaptured(t *testing.T) {
	done := func(log LogState) *scene {
		s := startedBefore(given().job(), time.Minute).pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
		s.Log = log
		return s
	}
	read := func(s *scene, lines int64, attempts int32) *scene {
		s.Execution.Status.LogSummary = &v1alpha1.LogSummary{Entries: lines}
		s.Execution.Status.Attempts = attempts
		return s
	}
	for name, c := range map[string]struct {
		scene *scene
		want  string
	}{
		"all was read":                            {done(LogState{Read: true, Drained: true, Attempts: 1}), "True/Complete"},
		"all of a silent container was read":      {done(LogState{Read: true, Drained: true, Attempts: 1, Lines: 0}), "True/Complete"},
		"it is being read":                        {done(LogState{Waited: time.Hour}), "Unknown/Capturing"},
		"it is being archived":                    {done(LogState{Read: true, Waited: time.Hour, Attempts: 1}), "Unknown/Archiving"},
		"a part of it was rotated away":           {done(LogState{Read: true, GaveUp: v1alpha1.ReasonLogsRotated, Attempts: 1}), "False/Rotated"},
		"it was given up":                         {done(LogState{GaveUp: v1alpha1.ReasonLogsUnavailable}), "False/Unavailable"},
		"its pod is gone":                         {done(LogState{GaveUp: v1alpha1.ReasonLogsPodGone, Attempts: 1, Read: true, Drained: true}), "False/PodGone"},
		"nothing started":                         {given().cancelled(), "True/NoContainer"},
		"an attempt is missing":                   {read(done(LogState{Read: true, Drained: true, Attempts: 1}), 0, 2), "False/PodGone"},
		"all attempts are there":                  {read(done(LogState{Read: true, Drained: true, Attempts: 2}), 0, 2), "True/Complete"},
		"less was read than before the restart":   {read(done(LogState{Read: true, Drained: true, Attempts: 1, Lines: 3}), 4, 1), "False/PodGone"},
		"as much was read as before the restart":  {read(done(LogState{Read: true, Drained: true, Attempts: 1, Lines: 4}), 4, 1), "True/Complete"},
		"it started and no run of it was noticed": {done(LogState{Read: true, Drained: true}), "False/PodGone"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.scene
			s.Now = noon.Add(drainGrace)
			condition := apimeta.FindStatusCondition(Decide(s.Observation).Status.Conditions, v1alpha1.ConditionLogsCaptured)
			if condition == nil || string(condition.Status)+"/"+condition.Reason != c.want {
				t.Errorf("got %+v, want %s", condition, c.want)
			}
		})
	}
}

func TestFinalWordOnTheLogIsNotTakenBack(t *testing.T) {
	for _, status := range []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse} {
		s := given().job().phase(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
		s.Execution.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: status, Reason: "Said"}}
		for _, log := range []LogState{{}, {Read: true, Drained: true}, {GaveUp: "Other"}, {Drained: true, Lines: 9, Tail: lines(9, "x"), Due: true}} {
			s.Log = log
			after := Decide(s.Observation).Status
			c := apimeta.FindStatusCondition(after.Conditions, v1alpha1.ConditionLogsCaptured)
			if c.Status != status || c.Reason != "Said" || after.Logs != nil {
				t.Errorf("with %+v: got %+v and %d entries", log, c, len(after.Logs))
			}
		}
	}
}

func TestLogIsFinal(t *testing.T) {
	for name, c := range map[string]struct {
		phase  v1alpha1.Phase
		status metav1.ConditionStatus
		want   bool
	}{
		"a run that goes on":               {v1alpha1.PhaseRunning, "", false},
		"a finished run without a word":    {v1alpha1.PhaseCompleted, "", false},
		"a finished run whose log is read": {v1alpha1.PhaseCompleted, metav1.ConditionUnknown, false},
		"a finished run with its log":      {v1alpha1.PhaseCompleted, metav1.ConditionTrue, true},
		"a finished run without its log":   {v1alpha1.PhaseFailed, metav1.ConditionFalse, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := &v1alpha1.TaskExecution{Status: v1alpha1.TaskExecutionStatus{Phase: c.phase}}
			if c.status != "" {
				e.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: c.status}}
			}
			if got := LogIsFinal(e); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// kubectl wait and kstatus read a condition's lastTransitionTime.
func TestTransitionTimeStaysWhileTheStatusDoes(t *testing.T) {
	s := given().job()
	s.Execution.Status = Decide(s.Observation).Status
	s.Now = noon.Add(time.Minute)
	s.Execution.Generation = 2
	s.pod(runningFor(time.Second))
	running := Decide(s.Observation).Status
	c := apimeta.FindStatusCondition(running.Conditions, v1alpha1.ConditionSucceeded)
	if !c.LastTransitionTime.Time.Equal(noon) || c.Reason != v1alpha1.ReasonContainerStarted || c.ObservedGeneration != 2 {
		t.Errorf("while it runs: %+v", c)
	}
	s.Execution.Status = running
	s.jobEnds(batchv1.JobComplete, "")
	s.Now = noon.Add(2 * time.Minute)
	c = apimeta.FindStatusCondition(Decide(s.Observation).Status.Conditions, v1alpha1.ConditionSucceeded)
	if !c.LastTransitionTime.Time.Equal(s.Now) || c.Status != metav1.ConditionTrue {
		t.Errorf("at the end: %+v", c)
	}
}

// The API server refuses a condition whose message is longer than 32768 bytes. A status stores up to ten such messages.
func TestConditionMessageIsShort(t *testing.T) {
	s := given()
	s.Start = StartResult{StartInvalid, strings.Repeat("同", 1000)}
	for _, c := range Decide(s.Observation).Status.Conditions {
		if len(c.Message) > maxConditionMessage {
			t.Errorf("%s has %d bytes", c.Type, len(c.Message))
		}
	}
}
