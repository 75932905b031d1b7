// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskstatus

import (
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A Task whose params share a variable is Ready and warns of it.
func TestCase31TaskWarnsOfParamsWithoutVariable(t *testing.T) {
	task := judged(1, metav1.ConditionTrue)
	judge := func(schema string) *metav1.Condition {
		task.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(schema)}
		task.Generation++
		Record(task, verdictOf(metav1.ConditionTrue), noon)
		if !apimeta.IsStatusConditionTrue(task.Status.Conditions, v1alpha1.ConditionReady) || apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionStalled) != nil {
			t.Errorf("%s: conditions %+v", schema, task.Status.Conditions)
		}
		return apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionWarning)
	}
	for schema, says := range map[string]string{
		`{"properties":{"a-b":{},"a.b":{},"A_B":{}}}`: `the params "A_B", "a-b", "a.b" would share the variable TASK_PARAM_A_B`,
		`{"properties":{"姓":{},"名":{}}}`:              `the param "名" has no variable`,
	} {
		warning := judge(schema)
		if warning == nil || warning.Status != metav1.ConditionTrue || warning.Reason != v1alpha1.ReasonParamWithoutVariable || !strings.Contains(warning.Message, says) || warning.ObservedGeneration != task.Generation {
			t.Errorf("%s: %+v", schema, warning)
		}
	}
	if warning := judge(`{"properties":{"a-b":{},"mid":{}}}`); warning != nil {
		t.Errorf("it stays after it was mended: %+v", warning)
	}
}
