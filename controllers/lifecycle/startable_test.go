// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/queue"
)

// waitedFor sets a status that names what the Job cannot be created without.
func (s *scene) waitedFor(reason string, ago time.Duration) *scene {
	if s.Execution.Status.Phase == "" {
		s.phase(v1alpha1.PhasePending, reason)
	}
	s.Execution.Status.Reason = reason
	apimeta.SetStatusCondition(&s.Execution.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionStartable, Status: metav1.ConditionFalse, Reason: reason, LastTransitionTime: metav1.NewTime(noon.Add(-ago)),
	})
	return s
}

func withoutTask(s *scene) *scene {
	s.Task = nil
	return s
}

func TestCase28WaitHasAClockOfItsOwn(t *testing.T) {
	hour := hourOld
	secret := func() *scene { return withSecrets(hour()).phase(v1alpha1.PhasePending, v1alpha1.ReasonSecretNotFound) }
	refused := func(s *scene) *scene {
		s.Start = StartResult{StartRefused, "exceeded quota"}
		return s.place(queue.Answer{Granted: true})
	}
	queued := func() *scene { return hour().queued(7, v1alpha1.BlockedByTask, v1alpha1.ReasonConcurrencyLimit) }
	byTask := queue.Answer{Position: 7, Occupancy: census.Occupancy{Active: 3}, Limit: 3}
	back := func(policy v1alpha1.ConcurrencyPolicy) *scene {
		return queued().waitedFor(v1alpha1.ReasonTaskNotFound, time.Minute).policy(policy).place(byTask)
	}
	suspended := func(s *scene) *scene { return s.task(func(spec *v1alpha1.TaskSpec) { spec.Suspended = true }) }
	const missing = v1alpha1.ReasonTaskNotFound
	table{
		"a task that is missing when it is first seen": {withoutTask(hour()), "Pending/TaskNotFound in 5m0s", ""},
		"for four minutes": {withoutTask(hour()).waitedFor(missing, 4*time.Minute), "Pending/TaskNotFound in 1m0s", ""},
		"for five":         {withoutTask(hour()).waitedFor(missing, 5*time.Minute), "Failed/TaskNotFound", "waited 5m0s"},
		"a task deleted while the run was in the queue":    {withoutTask(queued()), "Queued/TaskNotFound in 5m0s", `"sync" does not exist`},
		"it comes back, and the run has kept its place":    {back(v1alpha1.ConcurrencyQueue), "Queued/ConcurrencyLimit", "position 7"},
		"it comes back with a policy that takes no more":   {back(v1alpha1.ConcurrencyForbid), "Queued/ConcurrencyLimit", ""},
		"it comes back suspended, which refuses new runs":  {suspended(back(v1alpha1.ConcurrencyQueue)), "Queued/ConcurrencyLimit", ""},
		"one that never had a place is a new run":          {suspended(hour().waitedFor(missing, time.Minute)), "Failed/TaskSuspended", ""},
		"it does not come back":                            {withoutTask(queued()).waitedFor(missing, 5*time.Minute), "Failed/TaskNotFound", "waited 5m0s"},
		"a secret that is missing after an hour":           {secret(), "Pending/SecretNotFound in 2s", ""},
		"a secret deleted while the run was in the queue":  {withSecrets(queued()), "Queued/SecretNotFound in 2s", ""},
		"a secret that stays away":                         {secret().waitedFor(v1alpha1.ReasonSecretNotFound, 5*time.Minute), "Failed/SecretNotFound", ""},
		"a Job that is refused after an hour":              {refused(hour()), "Pending/JobRefused in 10s", ""},
		"a Job that is refused for long":                   {refused(hour()).waitedFor(v1alpha1.ReasonJobRefused, 5*time.Minute), "Failed/JobRefused", ""},
		"a Job that is refused after the run had its turn": {refused(queued()), "Pending/JobRefused in 10s", ""},
		"one wait after another has its own clock":         {refused(hour()).waitedFor(missing, 5*time.Minute), "Pending/JobRefused in 10s", ""},
	}.run(t)
}

func TestCase28ConditionRemembersSinceWhen(t *testing.T) {
	condition := func(s *scene) *metav1.Condition {
		return apimeta.FindStatusCondition(Decide(s.Observation).Status.Conditions, v1alpha1.ConditionStartable)
	}
	minute := noon.Add(-time.Minute)
	const missing = v1alpha1.ReasonTaskNotFound
	if c := condition(withoutTask(given())); c == nil || c.Status != metav1.ConditionFalse || c.Reason != missing || !c.LastTransitionTime.Time.Equal(noon) {
		t.Errorf("at first %+v", c)
	}
	if c := condition(withoutTask(given()).waitedFor(missing, time.Minute)); c == nil || !c.LastTransitionTime.Time.Equal(minute) {
		t.Errorf("later %+v", c)
	}
	refused := given().waitedFor(missing, time.Minute)
	refused.Start = StartResult{StartRefused, "exceeded quota"}
	if c := condition(refused); c == nil || c.Reason != v1alpha1.ReasonJobRefused || !c.LastTransitionTime.Time.Equal(noon) {
		t.Errorf("of another wait %+v", c)
	}
	for name, s := range map[string]*scene{
		"its Job is there":   given().job().waitedFor(missing, time.Minute),
		"it has failed":      withoutTask(given()).waitedFor(missing, 5*time.Minute),
		"it waits its turn":  given().waitedFor(missing, time.Minute).policy(v1alpha1.ConcurrencyQueue).place(queue.Answer{Position: 1, Occupancy: census.Occupancy{Active: 3}}),
		"somebody cancelled": withoutTask(given()).waitedFor(missing, time.Minute).cancelled(),
	} {
		if c := condition(s); c != nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Time spent in the queue or waiting for the Task does not count for the start clock.
func TestCase28StartClockBeginsWithTheJob(t *testing.T) {
	table{"a run that waited for an hour": {hourOld().job().pod(), "Pending/JobCreated in 4m30s", ""}}.run(t)
}
