// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"errors"
	"net/http"

	batchv1 "k8s.io/api/batch/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// The outcomes of a dry run.
const (
	OutcomeStart  = "start"
	OutcomeQueue  = "queue"
	OutcomeRefuse = "refuse"
	OutcomeRepeat = "repeat"
)

// Forecast says what would happen to a new run.
type Forecast struct {
	Outcome string
	// Reason is the reason that the run's status would have, empty if it would start.
	Reason string
	Detail phrases.Text
	// Status is the HTTP status.
	Status int
}

// ForecastOf says what would happen to a new run. Its input is the task, the executions of the task, the limit over all
// tasks for which runs of the namespace wait (empty if there is none), and the Job that the run would have. It knows
// only what the watch cache shows. The controller decides, and its limits over all tasks show only in the runs that
// wait for them. full says why the run may not wait in its namespace, nil if it may.
func ForecastOf(task *v1alpha1.Task, ours []*v1alpha1.TaskExecution, blocked v1alpha1.QueueBlocker, job *batchv1.Job, full *backlog.Full) Forecast {
	taken := census.Take(ours)
	now := taken.Occupancy()
	now.Blocked = blocked // any run that waits for a limit over all tasks is before this one
	verdict := census.RulesOf(task).Judge(now)
	for _, rule := range []func() (Forecast, bool){
		func() (Forecast, bool) { return refusal(readyReason(task), runnable(task)) },
		func() (Forecast, bool) { return refusal(v1alpha1.ReasonTaskSuspended, suspended(task)) },
		func() (Forecast, bool) { return refusal(verdict.Reason, refused(task, now, oldest(taken))) },
		func() (Forecast, bool) { return refusedByBacklog(full) },
		func() (Forecast, bool) { return waitsForPlace(task, verdict, taken) },
		func() (Forecast, bool) { return waitsForJob(job) },
	} {
		if f, decided := rule(); decided {
			return f
		}
	}
	return Forecast{OutcomeStart, "", sayStarts.With(), http.StatusOK}
}

func refusedByBacklog(full *backlog.Full) (Forecast, bool) {
	if full == nil {
		return Forecast{}, false
	}
	return refusal(v1alpha1.ReasonNamespaceQueueFull, backlogProblem(full))
}

func refusal(reason string, err error) (Forecast, bool) {
	if err == nil {
		return Forecast{}, false
	}
	var p *web.Problem
	if !errors.As(err, &p) {
		p = web.ProblemOf(err)
	}
	return Forecast{OutcomeRefuse, reason, detailOf(p), p.Status}, true
}

// detailOf returns the detail of a problem, in all languages as far as there are words.
func detailOf(p *web.Problem) phrases.Text {
	if p.Text.IsZero() {
		return phrases.Verbatim(p.Detail)
	}
	return p.Text
}

// readyReason returns the reason for which a task cannot be run.
func readyReason(task *v1alpha1.Task) string {
	if len(task.Undecoded.InSpec()) > 0 {
		return v1alpha1.ReasonUndecodable
	}
	if c := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Reason
	}
	return ""
}

// waitsForPlace says what the run would wait for before it gets a place.
func waitsForPlace(task *v1alpha1.Task, verdict census.Verdict, taken census.Census) (Forecast, bool) {
	var detail phrases.Text
	switch verdict.Reason {
	case v1alpha1.ReasonReplacing:
		detail = sayReplace.With(oldest(taken))
	case v1alpha1.ReasonConcurrencyLimit:
		detail = sayQueued.With(task.Name, len(taken.Active), len(taken.Waiting), task.Spec.MaxRunning())
	case v1alpha1.ReasonNamespaceLimit:
		detail = sayNamespaceFull.With()
	case v1alpha1.ReasonControllerLimit:
		detail = sayClusterFull.With()
	default:
		return Forecast{}, false
	}
	return Forecast{OutcomeQueue, verdict.Reason, detail, http.StatusOK}, true
}

// waitsForJob applies if the Job would be suspended, by its template or by Kueue.
func waitsForJob(job *batchv1.Job) (Forecast, bool) {
	switch queue := job.Labels[v1alpha1.LabelKueueQueue]; {
	case queue != "":
		return Forecast{OutcomeQueue, v1alpha1.ReasonJobSuspended, sayKueue.With(queue), http.StatusOK}, true
	case job.Spec.Suspend != nil && *job.Spec.Suspend:
		return Forecast{OutcomeQueue, v1alpha1.ReasonJobSuspended, sayHeld.With(), http.StatusOK}, true
	default:
		return Forecast{}, false
	}
}
