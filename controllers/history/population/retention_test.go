// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package population

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2025, 11, 25, 12, 0, 0, 0, time.UTC)

// past returns an execution that ended some time before noon and whose log is final.
func past(name string, phase v1alpha1.Phase, ago time.Duration, changes ...func(*v1alpha1.TaskExecution)) v1alpha1.TaskExecution {
	e := v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(-ago - time.Minute))}}
	e.Spec.Trigger.Source = v1alpha1.TriggerAPI
	e.Status.Phase = phase
	e.Status.CompletionTime = ptr.To(metav1.NewTime(noon.Add(-ago)))
	e.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonLogsPodGone}}
	for _, change := range changes {
		change(&e)
	}
	return e
}

func from(source v1alpha1.TriggerSource) func(*v1alpha1.TaskExecution) {
	return func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = source }
}

func copied(e *v1alpha1.TaskExecution) { e.Status.Reason = v1alpha1.ReasonRestoredCopy }

func TestExpired(t *testing.T) {
	const completed, failed, cancelled = v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled
	week := Retention{TTL: 168 * time.Hour, Completed: -1, Failed: -1}
	one := Retention{Completed: 1, Failed: 1, AtLeast: 10 * time.Minute}
	none := Retention{Completed: 0, Failed: 0}
	for name, c := range map[string]struct {
		retention Retention
		given     []v1alpha1.TaskExecution
		want      []string
		next      time.Duration
	}{
		"no run":                              {week, nil, nil, 0},
		"no bound":                            {Retention{Completed: -1, Failed: -1}, []v1alpha1.TaskExecution{past("a", completed, 9999*time.Hour)}, nil, 0},
		"not old enough":                      {week, []v1alpha1.TaskExecution{past("a", completed, time.Hour)}, nil, 167 * time.Hour},
		"old enough to the second":            {week, []v1alpha1.TaskExecution{past("a", completed, 168*time.Hour)}, []string{"a"}, 0},
		"the next is returned, not a later":   {week, []v1alpha1.TaskExecution{past("a", completed, time.Hour), past("b", failed, 3*time.Hour), past("c", failed, 2*time.Hour)}, nil, 165 * time.Hour},
		"the oldest goes first":               {week, []v1alpha1.TaskExecution{past("a", completed, 200*time.Hour), past("b", failed, 300*time.Hour)}, []string{"b", "a"}, 0},
		"the newest of each outcome is kept":  {one, []v1alpha1.TaskExecution{past("a", completed, 3*time.Hour), past("b", completed, time.Hour), past("c", completed, 2*time.Hour), past("d", failed, 9*time.Hour)}, []string{"a", "c"}, 0},
		"cancelled ones count as failed":      {one, []v1alpha1.TaskExecution{past("a", failed, 3*time.Hour), past("b", cancelled, 2*time.Hour), past("c", completed, time.Hour)}, []string{"a"}, 0},
		"none is kept":                        {none, []v1alpha1.TaskExecution{past("a", completed, 2*time.Second), past("b", failed, time.Second)}, []string{"a", "b"}, 0},
		"whoever polls finds it a while":      {one, []v1alpha1.TaskExecution{past("a", completed, 2*time.Minute), past("b", completed, time.Minute)}, nil, 8 * time.Minute},
		"a shorter age goes before that":      {Retention{TTL: time.Minute, Completed: 1, Failed: 1, AtLeast: 10 * time.Minute}, []v1alpha1.TaskExecution{past("a", completed, 2*time.Minute)}, []string{"a"}, 0},
		"of two bounds the first that is met": {Retention{TTL: time.Hour, Completed: 0, Failed: 1, AtLeast: 10 * time.Minute}, []v1alpha1.TaskExecution{past("a", completed, 9*time.Minute), past("b", failed, 59*time.Minute)}, nil, time.Minute},
		"a run that goes on":                  {none, []v1alpha1.TaskExecution{past("a", v1alpha1.PhaseRunning, time.Hour)}, nil, 0},
		"a run whose log is being read": {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, func(e *v1alpha1.TaskExecution) {
			e.Status.Conditions[0].Status = metav1.ConditionUnknown
		})}, nil, 0},
		"a run that is going": {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, func(e *v1alpha1.TaskExecution) {
			e.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
		})}, nil, 0},
		"created by a person over REST": {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, from(v1alpha1.TriggerManual))}, []string{"a"}, 0},
		"created by a schedule":         {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, from(v1alpha1.TriggerSchedule))}, []string{"a"}, 0},
		"created by kubectl":            {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, from(v1alpha1.TriggerKubectl))}, nil, 0},
		"created by an unknown source":  {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, from(""))}, nil, 0},
		"in Git, whatever its trigger says": {none, []v1alpha1.TaskExecution{past("a", completed, time.Hour, func(e *v1alpha1.TaskExecution) {
			e.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "app:taskexec.dev/TaskExecution:ns/a"}
		})}, nil, 0},
		"copies push out no failures": {one, []v1alpha1.TaskExecution{
			past("a", failed, 3*time.Hour), past("b", failed, 2*time.Hour, copied), past("c", failed, time.Hour, copied),
		}, []string{"b"}, 0},
		"what is not ours does not count": {one, []v1alpha1.TaskExecution{past("a", completed, 2*time.Hour), past("b", completed, time.Hour, from(v1alpha1.TriggerKubectl))}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			expired, next := Expired(noon, c.retention, c.given)
			var got []string
			for _, e := range expired {
				got = append(got, e.Name)
			}
			if !slices.Equal(got, c.want) || next != c.next {
				t.Errorf("expired %v, next in %s; want %v, %s", got, next, c.want, c.next)
			}
		})
	}
}

func TestRetentionOf(t *testing.T) {
	task := &v1alpha1.Task{}
	if got, want := RetentionOf(task, time.Minute), (Retention{Completed: -1, Failed: -1, AtLeast: time.Minute}); got != want {
		t.Errorf("of a Task that says nothing: %+v", got)
	}
	task.Spec.Retention = v1alpha1.RetentionSpec{TTL: &metav1.Duration{Duration: time.Hour}, Completed: ptr.To[int32](0), Failed: ptr.To[int32](7)}
	if got, want := RetentionOf(task, time.Minute), (Retention{TTL: time.Hour, Failed: 7, AtLeast: time.Minute}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
