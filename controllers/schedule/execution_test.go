// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestExecutionName(t *testing.T) {
	tick := time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC)
	if got, want := ExecutionName("nightly", "uid-1", tick), "nightly-20261124t023000z-"; !strings.HasPrefix(got, want) || len(got) != len(want)+hashLength {
		t.Errorf("%q, want %q and a hash", got, want)
	}
	shanghai := time.FixedZone("", 8*3600)
	if a, b := ExecutionName("nightly", "uid-1", tick), ExecutionName("nightly", "uid-1", tick.In(shanghai)); a != b {
		t.Errorf("one tick has two names: %s and %s", a, b)
	}
	seen := map[string]string{}
	for name, c := range map[string]struct {
		schedule string
		uid      types.UID
		tick     time.Time
	}{
		"this":             {"nightly", "uid-1", tick},
		"another tick":     {"nightly", "uid-1", tick.Add(time.Second)},
		"created again":    {"nightly", "uid-2", tick},
		"another schedule": {"nightly2", "uid-3", tick},
		"253 characters":   {strings.Repeat("a", 253), "uid-4", tick},
		"cut at a dot":     {strings.Repeat("a", 224) + "." + strings.Repeat("b", 28), "uid-5", tick},
		"cut at a dash":    {strings.Repeat("a", 224) + "-" + strings.Repeat("b", 28), "uid-6", tick},
	} {
		got := ExecutionName(c.schedule, c.uid, c.tick)
		if problems := validation.IsDNS1123Subdomain(got); len(problems) > 0 {
			t.Errorf("%s: %q is no name: %v", name, got, problems)
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%s and %s have the same name %s", name, other, got)
		}
		seen[got] = name
	}
}

func TestExecutionOfATick(t *testing.T) {
	s := aSchedule()
	s.Spec.Params = object(`{"mid":1}`)
	s.Spec.Timeout = duration(time.Minute)
	s.Spec.Labels = map[string]string{"team": "billing", v1alpha1.LabelScheduleUID: "forged", v1alpha1.LabelTask: "forged"}
	tick := time.Date(2026, 11, 24, 2, 30, 0, 0, time.FixedZone("", 3600))
	e := execution(s, tick)
	if e.Namespace != s.Namespace || e.Spec.TaskRef.Name != "sync" || string(e.Spec.Params.Raw) != `{"mid":1}` || e.Spec.Timeout.Duration != time.Minute {
		t.Errorf("execution: %+v", e)
	}
	if want := (v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly"}); e.Spec.Trigger != want {
		t.Errorf("trigger %+v", e.Spec.Trigger)
	}
	if e.Annotations[v1alpha1.AnnotationScheduledAt] != "2026-11-24T01:30:00Z" || e.Labels[v1alpha1.LabelSchedule] != "nightly" {
		t.Errorf("metadata: %+v", e.ObjectMeta)
	}
	if e.Labels["team"] != "billing" || e.Labels[v1alpha1.LabelScheduleUID] != string(s.UID) || e.Labels[v1alpha1.LabelTask] != "sync" {
		t.Errorf("labels: %v", e.Labels)
	}
	if len(e.OwnerReferences) != 0 {
		t.Error("it has an owner: deleting the schedule would delete the history")
	}
	if !IsOf(e, s) {
		t.Error("it is not recognised")
	}
	for name, change := range map[string]func(*v1alpha1.TaskExecution){
		"a schedule that was deleted": func(e *v1alpha1.TaskExecution) { e.Labels[v1alpha1.LabelScheduleUID] = "other" },
		"no label":                    func(e *v1alpha1.TaskExecution) { e.Labels = nil },
		"a person":                    func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Source = v1alpha1.TriggerKubectl },
		"another schedule":            func(e *v1alpha1.TaskExecution) { e.Spec.Trigger.Name = "other" },
	} {
		other := e.DeepCopy()
		if change(other); IsOf(other, s) {
			t.Errorf("what %s made is taken for the schedule's", name)
		}
	}
}
