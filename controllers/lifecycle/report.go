// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
)

// report turns a verdict into the status to write.
func report(o *Observation, f facts, v verdict) v1alpha1.TaskExecutionStatus {
	status := unchanged(o)
	status.ObservedGeneration = o.Execution.Generation
	// A message quotes others: a container runtime, the API server, or whoever cancelled. It is shown in tables and
	// terminals, so it is made one line. An unchanged message stays as it is.
	if !status.Phase.IsTerminal() {
		v.message = clip(parse.OneLine(o.Redact.Text(v.message)), maxMessage)
	}
	status.Phase, status.Reason, status.Message = v.phase, v.reason, v.message
	if status.Origin == "" {
		status.Origin = o.Origin // the first verdict stays
	}
	identify(o, f, &status)
	status.Suspension, status.Completions = f.suspension, completionsOf(o)
	mirrorPods(o, f, &status)
	stampTimes(o, f, &status)
	acknowledge(o, &status)
	mirrorResult(o, f, &status)
	setConditions(o, f, &status)
	mirrorLog(o, f, &status)
	return status
}

// identify records what is run. It is written once: a Job with another UID is never taken for ours.
func identify(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	if status.Job == nil && o.Job != nil {
		status.Job = &v1alpha1.JobIdentity{Name: o.Job.Name, UID: o.Job.UID}
	}
	if status.Task == nil && f.snapshot.Task.UID != "" {
		task := f.snapshot.Task
		status.Task = &task
	}
}

// stampTimes records start and end, each once. A container that started after the end of the run does not count as its
// start.
func stampTimes(o *Observation, f facts, status *v1alpha1.TaskExecutionStatus) {
	late := status.CompletionTime != nil && f.started.After(status.CompletionTime.Time)
	if status.StartTime == nil && !f.started.IsZero() && !late {
		status.StartTime = &metav1.Time{Time: f.started}
	}
	if !status.Phase.IsTerminal() || status.CompletionTime != nil {
		return
	}
	end := notBeforeStop(o, status, endOfRun(o, f, status))
	if status.StartTime != nil {
		if end.Before(status.StartTime.Time) {
			end = status.StartTime.Time // the clocks of node and controller differ
		}
		status.Duration = duration.HumanDuration(end.Sub(status.StartTime.Time).Round(time.Second))
	}
	status.CompletionTime = &metav1.Time{Time: end}
}
