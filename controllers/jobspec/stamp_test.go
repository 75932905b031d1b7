// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A stamp survives the way to the API server and back unchanged.
func TestStampIsStoredAsItIs(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC),
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)),
	} {
		made, read := &v1alpha1.TaskExecution{}, &v1alpha1.TaskExecution{}
		Stamp(made, at, "cluster-uid")
		raw, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, read); err != nil {
			t.Fatal(err)
		}
		if len(read.Undecoded) > 0 || !read.Spec.Trigger.Time.Time.Equal(at.Truncate(time.Microsecond)) || read.Spec.Trigger.Cluster != "cluster-uid" {
			t.Errorf("%s: %s (%v)", at, raw, read.Undecoded)
		}
		if !IsSameRun(read, made) {
			t.Errorf("%s: what was stored is another run", at)
		}
	}
}

// When and where a run was requested is not what was requested: a controller that restarts finds the run that it has
// created before.
func TestStampMakesNoOtherRun(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a, b := &v1alpha1.TaskExecution{}, &v1alpha1.TaskExecution{}
	a.Spec.Trigger.Source, b.Spec.Trigger.Source = v1alpha1.TriggerSchedule, v1alpha1.TriggerSchedule
	Stamp(a, now, "")
	Stamp(b, now.Add(time.Minute), "cluster-uid")
	if !IsSameRun(a, b) {
		t.Error("the same run, requested later, is another one")
	}
	if b.Spec.Trigger.Source = v1alpha1.TriggerChange; IsSameRun(a, b) {
		t.Error("another source makes no other run")
	}
}
