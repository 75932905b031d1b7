// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Each new phase or reason is one log line at V(1) with the run, its Task and its Job. The message of the status is not
// logged, because it may quote params.
func TestLogOfAStatus(t *testing.T) {
	job := &v1alpha1.JobIdentity{Name: "run-job"}
	at := func(phase v1alpha1.Phase, reason string) v1alpha1.TaskExecutionStatus {
		return v1alpha1.TaskExecutionStatus{Phase: phase, Reason: reason, Job: job, Message: "secret words"}
	}
	archived := at(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	archived.LogSummary = &v1alpha1.LogSummary{Archived: true, Complete: true}
	archived.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue}}
	var isNew v1alpha1.TaskExecutionStatus
	running := at(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	for name, c := range map[string]struct {
		before, after v1alpha1.TaskExecutionStatus
		want          string
	}{
		"it waits for its turn":  {isNew, at(v1alpha1.PhaseQueued, v1alpha1.ReasonConcurrencyLimit), "The run waits in the queue"},
		"it has its Job":         {isNew, at(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated), "The run waits to start"},
		"it runs":                {at(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated), running, "The run is running"},
		"it goes on":             {running, running, ""},
		"it is tried again":      {running, at(v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying), "The run is retried"},
		"it must be cancelled":   {running, at(v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested), "The run is being cancelled"},
		"it is cancelled":        {running, at(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled), "The run was cancelled"},
		"it completed":           {running, at(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted), "The run completed"},
		"it failed":              {running, at(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit), "The run failed"},
		"its Job is lost":        {running, at(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost), "The run was lost"},
		"its node is lost":       {running, at(v1alpha1.PhaseFailed, v1alpha1.ReasonNodeLost), "The run was lost"},
		"its log is archived":    {at(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted), archived, "The log is final"},
		"it ends with its log":   {running, archived, "The run completed, The log is final"},
		"its log has more lines": {archived, archived, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			log := funcr.NewJSON(func(line string) { lines = append(lines, line) }, funcr.Options{Verbosity: 1})
			e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run"}}
			e.Spec.TaskRef.Name = "sync"
			logChange(log, withStatus(e, c.before), withStatus(e, c.after))
			var logged []string
			for _, line := range lines {
				var l struct {
					Msg   string
					Level int
				}
				if err := json.Unmarshal([]byte(line), &l); err != nil || l.Level != 1 {
					t.Errorf("%v: %s", err, line)
				}
				logged = append(logged, l.Msg)
			}
			if got := strings.Join(logged, ", "); got != c.want {
				t.Errorf("it logs %q, want %q", got, c.want)
			}
			if all := strings.Join(lines, ""); strings.Contains(all, "secret") || strings.Contains(all, `"reason"`) && !strings.Contains(all, `"run-job"`) {
				t.Errorf("it logs %s", all)
			}
		})
	}
}
