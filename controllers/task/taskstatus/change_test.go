// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskstatus

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestChangeRun(t *testing.T) {
	annotated := func(value string) func(*v1alpha1.Task) {
		return func(task *v1alpha1.Task) { task.Annotations[v1alpha1.AnnotationRunOnChange] = value }
	}
	for name, c := range map[string]struct {
		task *v1alpha1.Task
		runs bool
	}{
		"the first apply":                 {judged(1, metav1.ConditionTrue), true},
		"a later change":                  {judged(8, metav1.ConditionTrue), true},
		"one that was run":                {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Status.Change.Execution = "sync-8" }), false},
		"a Task that is not ready":        {judged(8, metav1.ConditionFalse), false},
		"one that may be":                 {judged(8, metav1.ConditionUnknown), false},
		"a suspended Task":                {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Spec.Suspended = true }), false},
		"one that is not judged yet":      {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Generation = 9 }), false},
		"one that is going":               {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.DeletionTimestamp = ptr.To(metav1.NewTime(noon)) }), false},
		"one that no longer asks for it":  {judged(8, metav1.ConditionTrue, annotated("false")), false},
		"another word than true":          {judged(8, metav1.ConditionTrue, annotated("yes")), false},
		"a Ready of an older generation":  {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Status.Conditions[0].ObservedGeneration = 7 }), false},
		"one that was judged without it":  {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Status.Change = nil }), false},
		"a change before the present one": {judged(8, metav1.ConditionTrue, func(task *v1alpha1.Task) { task.Status.Change.Generation = 7 }), false},
	} {
		t.Run(name, func(t *testing.T) {
			run := ChangeRun(c.task)
			if (run != nil) != c.runs {
				t.Fatalf("got %+v", run)
			}
			if run != nil && (run.Spec.TaskRef.Name != "sync" || run.Namespace != "ns" || run.Spec.Trigger.Source != v1alpha1.TriggerChange || !strings.HasPrefix(run.Name, "sync-")) {
				t.Errorf("got %+v", run)
			}
		})
	}
}

func TestWhatIsAChange(t *testing.T) {
	task := judged(3, metav1.ConditionTrue)
	if task.Status.Change == nil || task.Status.Change.Generation != 3 {
		t.Fatalf("change %+v", task.Status.Change)
	}
	task.Status.Change.Execution = "sync-3"
	Record(task, verdictOf(metav1.ConditionTrue), noon)
	if task.Status.Change.Execution != "sync-3" {
		t.Error("what was judged again, as after a restart, is a change")
	}
	task.Generation = 4
	Record(task, verdictOf(metav1.ConditionFalse), noon)
	if c := task.Status.Change; c.Generation != 4 || c.Execution != "" {
		t.Errorf("a new spec gives %+v", c)
	}
	delete(task.Annotations, v1alpha1.AnnotationRunOnChange)
	task.Generation = 5
	Record(task, verdictOf(metav1.ConditionTrue), noon)
	task.Annotations[v1alpha1.AnnotationRunOnChange] = "true"
	Record(task, verdictOf(metav1.ConditionTrue), noon)
	if task.Status.Change != nil {
		t.Errorf("an annotation that came later gives %+v", task.Status.Change)
	}
}
