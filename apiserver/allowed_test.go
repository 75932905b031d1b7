// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// No run over REST may ask for more than its Task allows today. That holds for schedules that are created, changed or
// run now, and for a rerun of a run that was allowed more. A dry run gives the same answer.
func TestCase57NothingOverRESTWidensTheTask(t *testing.T) {
	brief := fixture.Task("sync")
	brief.Spec.Timeout = &metav1.Duration{Duration: time.Minute}
	long, queued := fixture.Execution("long", "sync", v1alpha1.PhaseCompleted), fixture.Execution("queued", "sync", v1alpha1.PhaseCompleted)
	long.Spec.Timeout = &metav1.Duration{Duration: time.Hour}
	queued.Labels = map[string]string{v1alpha1.LabelKueueQueue: "fast"}
	of := aSchedule("nightly", "sync")
	of.Spec.Timeout = &metav1.Duration{Duration: time.Hour}
	const body = `"taskName":"sync","schedule":"@daily","timeout":`
	for name, c := range map[string]struct {
		method, path, body string
		code               int
		says               string
	}{
		"a schedule with more":         {"POST", "/triggers/cron", `{"name":"new",` + body + `60001}`, 400, "/timeout"},
		"a schedule with as much":      {"POST", "/triggers/cron", `{"name":"new",` + body + `60000}`, 201, ""},
		"a change to more":             {"PUT", "/triggers/cron/nightly", `{` + body + `7200000}`, 400, "/timeout"},
		"a change to less":             {"PUT", "/triggers/cron/nightly", `{` + body + `1000}`, 200, ""},
		"a schedule that has more now": {"POST", "/triggers/cron/nightly/run", "", 409, "PUT /triggers/cron/nightly"},
		"the same, tried":              {"POST", "/triggers/cron/nightly/run?dryRun=true", "", 409, "the longest is 1m0s"},
		"a rerun of more":              {"POST", "/tasks/executions/long/rerun", "", 409, "POST /tasks/sync/execute/api"},
		"a rerun of more, tried":       {"POST", "/tasks/executions/long/rerun?dryRun=true", "", 409, "the longest is 1m0s"},
		"a rerun in a queue":           {"POST", "/tasks/executions/queued/rerun", "", 409, "the queue \\\"fast\\\""},
		"a run of its own":             {"POST", "/tasks/sync/execute/api", "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := withSchedules(newFakeStore(brief).add(long, queued), of)
			w := call(t, facade(store), c.method, c.path, c.body)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if w.Code >= 400 && (len(store.executions) != 2 || len(store.schedules) != 1) {
				t.Error("something was made")
			}
		})
	}
}

// A schedule records and shows who created it and who last changed it.
func TestCase56SchedulesSayWhoWroteThem(t *testing.T) {
	rules := []string{"create taskschedules", "update taskschedules", "get taskschedules", "execute tasks"}
	store := withSchedules(newFakeStore(fixture.Task("sync")))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": rules, "bob": rules}))
	as := func(who, method, path, body string, code int) string {
		t.Helper()
		w := call(t, api, method, path, body, bearing(who)...)
		if w.Code != code {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	const path = "/triggers/cron/nightly"
	for _, step := range []struct{ what, got, created, changed string }{
		{"made", as("ann", "POST", "/triggers/cron", `{"name":"nightly","taskName":"sync","schedule":"@daily","createdBy":"bob"}`, http.StatusCreated), "ann", "ann"},
		{"changed", as("bob", "PUT", path, `{"taskName":"sync","schedule":"@hourly","changedBy":"ann"}`, 200), "ann", "bob"},
		{"switched off", as("ann", "POST", path+"/toggle", `{"enabled":false}`, 200), "ann", "ann"},
	} {
		for field, want := range map[string]string{"createdBy": step.created, "changedBy": step.changed} {
			if !strings.Contains(step.got, `"`+field+`":"`+want+`"`) {
				t.Errorf("%s: %s, want %s %s", step.what, step.got, field, want)
			}
		}
		if !strings.Contains(step.got, `"claimed":true`) {
			t.Errorf("%s: nobody has said that it is proven: %s", step.what, step.got)
		}
	}
	s := store.schedules["nightly"]
	s.Status.Origin = v1alpha1.OriginProven
	if got := as("ann", "GET", path, "", 200); strings.Contains(got, "claimed") || !strings.Contains(got, `"changedBy":"ann"`) {
		t.Errorf("proven: %s", got)
	}
	s.Generation++ // somebody changed it with kubectl
	if got := as("ann", "GET", path, "", 200); strings.Contains(got, "changedBy") || !strings.Contains(got, `"createdBy":"ann"`) {
		t.Errorf("changed by somebody else: %s", got)
	}
}

// If somebody other than the facade may have created a run, its origin is shown as claimed.
func TestCase44ForgedOriginIsShownAsClaimed(t *testing.T) {
	made := func(change func(*v1alpha1.TaskExecution)) *v1alpha1.TaskExecution {
		e := fixture.Execution("run", "sync", v1alpha1.PhaseRunning)
		e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerManual, User: "ann"}
		e.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "bob"}
		e.Status.Origin = ""
		change(e)
		return e
	}
	for name, c := range map[string]struct {
		execution       *v1alpha1.TaskExecution
		claimed, cancel bool
	}{
		"forged":     {made(func(e *v1alpha1.TaskExecution) { e.Status.Origin = v1alpha1.OriginClaimed }), true, true},
		"not judged": {made(func(*v1alpha1.TaskExecution) {}), true, true},
		"proven":     {made(func(e *v1alpha1.TaskExecution) { e.Status.Origin = v1alpha1.OriginProven }), false, false},
		"by default": {made(func(e *v1alpha1.TaskExecution) {
			e.Spec.Trigger, e.Spec.Cancel = v1alpha1.Trigger{Source: v1alpha1.TriggerKubectl}, nil
		}), false, false},
		"its receipt": {made(func(e *v1alpha1.TaskExecution) {
			e.Status.Phase = v1alpha1.PhaseCancelled
			e.Status.Cancellation = &v1alpha1.Cancellation{RequestedBy: "bob"}
		}), true, true},
	} {
		got := ok[wire.Execution](t, facade(newFakeStore().add(c.execution)), "GET", "/tasks/running/execution/run", "")
		if got.Trigger.Claimed != c.claimed || got.Cancellation != nil && got.Cancellation.Claimed != c.cancel {
			t.Errorf("%s: %+v %+v", name, got.Trigger, got.Cancellation)
		}
	}
}
