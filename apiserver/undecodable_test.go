// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/wire"
)

func lostIn(path string) v1alpha1.Undecoded {
	return v1alpha1.Undecoded{{Path: path, Problem: `"1e1.5" is no quantity`}}
}

// A task with a field that does not decode is listed but not run, even before the controller has judged it.
func TestCase21TaskThatDoesNotDecodeIsNotRun(t *testing.T) {
	bad := fixture.Task("bad")
	bad.Undecoded = lostIn("spec.jobTemplate.x")
	store := newFakeStore(bad, fixture.Task("good"))
	if tasks := ok[[]wire.Task](t, facade(store), "GET", "/tasks", ""); len(tasks) != 2 {
		t.Errorf("the tasks are %+v", tasks)
	}
	wantProblem(t, call(t, facade(store), "POST", "/tasks/bad/execute/manual", ""), http.StatusConflict,
		`"bad" cannot be run until it is fixed: Undecodable: spec.jobTemplate.x: "1e1.5" is no quantity`)
	if got := ok[submit.DryRun](t, facade(store), "POST", "/tasks/bad/execute/manual?dryRun=true", ""); got.Outcome != submit.OutcomeRefuse || got.Reason != v1alpha1.ReasonUndecodable {
		t.Errorf("in a dry run: %+v", got)
	}
	if len(store.executions) > 0 {
		t.Error("an execution was made")
	}
	ok[submit.Started](t, facade(store), "POST", "/tasks/good/execute/manual", "")
}

// Toggling a schedule would write it back as decoded and lose the field. Replacing it repairs it.
func TestCase21ScheduleThatDoesNotDecodeIsNotSwitched(t *testing.T) {
	bad := aSchedule("bad", "sync")
	bad.Undecoded = lostIn("spec.jitter")
	store := withSchedules(newFakeStore(fixture.Task("sync")), bad)
	for _, body := range []string{"", `{"enabled":false}`} {
		wantProblem(t, call(t, facade(store), "POST", "/triggers/cron/bad/toggle", body), http.StatusConflict, `spec.jitter: "1e1.5" is no quantity; PUT /triggers/cron/bad replaces it`)
	}
	if store.schedules["bad"].Generation != bad.Generation {
		t.Error("it was written")
	}
	ok[schedules.Schedule](t, facade(store), "PUT", "/triggers/cron/bad", `{"taskName":"sync","schedule":"@daily"}`)
}
