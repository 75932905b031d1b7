// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"reflect"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// changes has one change of each field of a schedule's spec except suspend.
var changes = map[string]func(*v1alpha1.TaskScheduleSpec){
	"TaskRef":          func(s *v1alpha1.TaskScheduleSpec) { s.TaskRef.Name = "other" },
	"Schedule":         func(s *v1alpha1.TaskScheduleSpec) { s.Schedule = "* * * * *" },
	"TimeZone":         func(s *v1alpha1.TaskScheduleSpec) { s.TimeZone = "Asia/Shanghai" },
	"Jitter":           func(s *v1alpha1.TaskScheduleSpec) { s.Jitter = &metav1.Duration{Duration: time.Minute} },
	"StartingDeadline": func(s *v1alpha1.TaskScheduleSpec) { s.StartingDeadline = &metav1.Duration{Duration: time.Hour} },
	"CatchUpLimit":     func(s *v1alpha1.TaskScheduleSpec) { s.CatchUpLimit = 100 },
	"Params":           func(s *v1alpha1.TaskScheduleSpec) { s.Params = &apiextensionsv1.JSON{Raw: []byte(`{"mid":2}`)} },
	"Labels":           func(s *v1alpha1.TaskScheduleSpec) { s.Labels = map[string]string{"team": "billing"} },
	"Timeout":          func(s *v1alpha1.TaskScheduleSpec) { s.Timeout = &metav1.Duration{Duration: time.Second} },
}

func TestCase43ChangesOfAScheduleThatStartRuns(t *testing.T) {
	on := v1alpha1.TaskScheduleSpec{Schedule: "@daily", CatchUpLimit: 1, Params: &apiextensionsv1.JSON{Raw: []byte(`{"mid":1}`)}}
	on.TaskRef.Name = "sync"
	off := *on.DeepCopy()
	off.Suspend = true
	for name, c := range map[string]struct {
		before, after v1alpha1.TaskScheduleSpec
		want          bool
	}{
		"nothing of one that is on":  {on, *on.DeepCopy(), false},
		"nothing of one that is off": {off, *off.DeepCopy(), false},
		"switched off":               {on, off, false},
		"switched on":                {off, on, true},
	} {
		if got := StartsRuns(&c.before, &c.after); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	fields := reflect.TypeFor[v1alpha1.TaskScheduleSpec]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "Suspend" {
			continue
		}
		change := changes[name]
		if change == nil {
			t.Errorf("the field %s is in no case: add it here and to config/admission/schedule_policy.yaml", name)
			continue
		}
		for _, before := range []v1alpha1.TaskScheduleSpec{on, off} {
			for _, suspended := range []bool{false, true} {
				after := *before.DeepCopy()
				change(&after)
				after.Suspend = suspended
				if !StartsRuns(&before, &after) {
					t.Errorf("another %s, suspended %t and then %t, takes no right", name, before.Suspend, suspended)
				}
			}
		}
	}
}
