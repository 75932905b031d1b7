// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase55RunThatWasFoundIsWhatWouldBeMade(t *testing.T) {
	made := &v1alpha1.TaskExecution{}
	made.Spec.TaskRef.Name = "sync"
	made.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"a": 1.0, "b": [1, 2]}`)}
	made.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly"}
	made.Spec.Timeout = &metav1.Duration{Duration: time.Minute}
	for name, c := range map[string]struct {
		change func(*v1alpha1.TaskExecution)
		same   bool
	}{
		"the same":             {func(*v1alpha1.TaskExecution) {}, true},
		"params as stored":     {func(e *v1alpha1.TaskExecution) { e.Spec.Params.Raw = []byte(`{"b":[1,2],"a":1}`) }, true},
		"cancelled meanwhile":  {func(e *v1alpha1.TaskExecution) { e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "x"} }, true},
		"labels of others":     {func(e *v1alpha1.TaskExecution) { e.Labels = map[string]string{"team": "a"} }, true},
		"another Task":         {func(e *v1alpha1.TaskExecution) { e.Spec.TaskRef.Name = "other" }, false},
		"other params":         {func(e *v1alpha1.TaskExecution) { e.Spec.Params.Raw = []byte(`{"a":1,"b":[2,1]}`) }, false},
		"no params":            {func(e *v1alpha1.TaskExecution) { e.Spec.Params = nil }, false},
		"params that are none": {func(e *v1alpha1.TaskExecution) { e.Spec.Params.Raw = []byte(`{`) }, false},
		"another timeout":      {func(e *v1alpha1.TaskExecution) { e.Spec.Timeout.Duration = time.Hour }, false},
		"no timeout":           {func(e *v1alpha1.TaskExecution) { e.Spec.Timeout = nil }, false},
		"another origin":       {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerKubectl }, false},
		"a user":               {func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.User = "ann" }, false},
		"a Secret": {func(e *v1alpha1.TaskExecution) {
			e.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "s", Names: []string{"password"}}
		}, false},
	} {
		found := made.DeepCopy()
		c.change(found)
		if got := IsSameRun(found, made); got != c.same {
			t.Errorf("%s: %t", name, got)
		}
	}
	if !IsSameRun(&v1alpha1.TaskExecution{}, &v1alpha1.TaskExecution{}) {
		t.Error("two without params differ")
	}
}
