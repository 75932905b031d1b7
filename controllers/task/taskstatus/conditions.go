// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package taskstatus derives from the verdict on a Task its conditions, and whether a change of its spec is run. It is
// pure.
package taskstatus

import (
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Record puts the verdict on a Task into its status: Ready for people, and Stalled or Reconciling for kstatus, which
// would wait for ever if Ready is False. A spec that was not judged before is a change, which is run if the Task asks
// for that. An edit of the metadata creates no new generation, so it is not a change.
func Record(task *v1alpha1.Task, ready metav1.Condition, now time.Time) {
	status := &task.Status
	if status.ObservedGeneration != task.Generation {
		status.Change = nil
		if runsOnChange(task) {
			status.Change = &v1alpha1.SpecChange{Generation: task.Generation}
		}
	}
	status.ObservedGeneration = task.Generation
	set := func(conditionType string, holds bool, value metav1.ConditionStatus) {
		if !holds {
			apimeta.RemoveStatusCondition(&status.Conditions, conditionType)
			return
		}
		c := ready
		c.Type, c.Status, c.ObservedGeneration, c.LastTransitionTime = conditionType, value, task.Generation, metav1.NewTime(now)
		apimeta.SetStatusCondition(&status.Conditions, c)
	}
	set(v1alpha1.ConditionReady, true, ready.Status)
	set(v1alpha1.ConditionStalled, ready.Status == metav1.ConditionFalse, metav1.ConditionTrue)
	set(v1alpha1.ConditionReconciling, ready.Status == metav1.ConditionUnknown, metav1.ConditionTrue)
	ready = warningOf(task)
	set(v1alpha1.ConditionWarning, ready.Message != "", metav1.ConditionTrue)
}

// warningOf says what in a Task works, but probably not as its author wants. The condition has no message if there is
// nothing.
func warningOf(task *v1alpha1.Task) metav1.Condition {
	schema, err := params.Of(task)
	if err != nil {
		return metav1.Condition{} // Ready reports it
	}
	return metav1.Condition{Reason: v1alpha1.ReasonParamWithoutVariable, Message: strings.Join(schema.Warnings(nil, phrases.English), "; ")}
}
