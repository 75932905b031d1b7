// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase35LabelsOfAnExecution(t *testing.T) {
	for name, c := range map[string]struct {
		task string
		fits bool
	}{
		"short":                    {"sync", true},
		"with dots":                {"sync.v2", true},
		"as long as a label":       {strings.Repeat("a", 63), true},
		"longer":                   {strings.Repeat("a", 64), false},
		"as long as a name may be": {strings.Repeat("a", 62) + "." + strings.Repeat("b", 190), false},
	} {
		t.Run(name, func(t *testing.T) {
			e := &v1alpha1.TaskExecution{}
			e.Spec.TaskRef.Name, e.Spec.Trigger.Source = c.task, v1alpha1.TriggerAPI
			Label(e)
			value := e.Labels[v1alpha1.LabelTask]
			if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
				t.Errorf("%q is no label: %v", value, problems)
			}
			if (value == c.task) != c.fits || value != LabelValue(c.task) {
				t.Errorf("label %q", value)
			}
			if whole, there := e.Annotations[v1alpha1.AnnotationTask]; there == c.fits || there && whole != c.task {
				t.Errorf("annotation %q", whole)
			}
			if e.Labels[v1alpha1.LabelTrigger] != "api" {
				t.Errorf("labels %v", e.Labels)
			}
		})
	}
}
