// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"cmp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The runs of a schedule name the author of its spec. After a change by an unknown author, they name nobody.
func TestCase56RunsCarryWhoWroteTheSchedule(t *testing.T) {
	s := aSchedule()
	user := func() string { return execution(s, time.Time{}).Spec.Trigger.User }
	if got := user(); got != "" {
		t.Errorf("nobody is known: %q", got)
	}
	Sign(s, "ann", 1)
	if got := user(); got != "ann" || s.Annotations[v1alpha1.AnnotationCreatedBy] != "ann" {
		t.Errorf("made by ann: %q, %v", got, s.Annotations)
	}
	s.Generation = 2
	if got := user(); got != "" || s.Annotations[v1alpha1.AnnotationCreatedBy] != "ann" {
		t.Errorf("changed by somebody with kubectl: %q", got)
	}
	Sign(s, "bob", 3)
	if s.Generation = 3; user() != "bob" || s.Annotations[v1alpha1.AnnotationCreatedBy] != "ann" {
		t.Errorf("changed by bob: %q, %v", user(), s.Annotations)
	}
	Sign(s, "", 4)
	if s.Generation = 4; user() != "" || s.Annotations[v1alpha1.AnnotationChangedBy] != "" {
		t.Errorf("changed by nobody who is known: %q, %v", user(), s.Annotations)
	}
	Sign(s, strings.Repeat("名", 300), 4)
	if got := user(); utf8.RuneCountInString(got) != maxUser {
		t.Errorf("a long name has %d characters", utf8.RuneCountInString(got))
	}
}

// An author that anybody could have written on a schedule is marked as claimed on its runs.
func TestCase56ClaimedAuthorIsMarkedOnTheRuns(t *testing.T) {
	for name, c := range map[string]struct {
		author   string
		was, now v1alpha1.Origin
		want     string
	}{
		"proven":             {"ann", v1alpha1.OriginClaimed, v1alpha1.OriginProven, ""},
		"proven before":      {"ann", v1alpha1.OriginProven, "", ""},
		"claimed":            {"ann", "", v1alpha1.OriginClaimed, "true"},
		"claimed since then": {"ann", v1alpha1.OriginProven, v1alpha1.OriginClaimed, "true"},
		"not judged":         {"ann", "", "", "true"},
		"nobody":             {"", "", v1alpha1.OriginClaimed, ""},
	} {
		s := aSchedule()
		Sign(s, c.author, 1)
		s.Status.Origin = c.was
		plan := Decide(Observation{Now: created.Add(30 * time.Second), Schedule: s, Task: aTask(), Origin: c.now})
		if len(plan.Runs) != 1 || plan.Runs[0].Execution.Annotations[v1alpha1.AnnotationUserClaimed] != c.want {
			t.Errorf("%s: %+v", name, plan.Runs)
		}
		if got := plan.Status(s, []Result{{}}).Origin; got != cmp.Or(c.now, c.was) {
			t.Errorf("%s: recorded %q", name, got)
		}
	}
}
