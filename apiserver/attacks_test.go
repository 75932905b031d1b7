// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// Callers with rights on one Task, or with one verb, get only what these rights allow, on each route.
func TestCase47NarrowRoles(t *testing.T) {
	const mine, other = "of-mine", "of-other"
	onMine := []string{
		"get tasks mine", "execute tasks mine", "get tasks/executions mine", "list tasks/executions mine",
		"watch tasks/executions mine", "cancel tasks/executions mine", "get tasks/logs mine",
	}
	for name, c := range map[string]struct {
		rules              []string
		method, path, body string
		want               int
	}{
		"the history of all":                 {onMine, "GET", "/tasks/executions", "", 403},
		"the history of another":             {onMine, "GET", "/tasks/executions?taskName=other", "", 403},
		"the history of mine":                {onMine, "GET", "/tasks/executions?taskName=mine", "", 200},
		"the history of mine and another":    {onMine, "GET", "/tasks/executions?taskName=mine&taskName=other", "", 403},
		"the history of two with a comma":    {onMine, "GET", "/tasks/executions?taskName=mine,other", "", 403},
		"the history of an empty name":       {onMine, "GET", "/tasks/executions?taskName=", "", 403},
		"the same by its other name":         {onMine, "GET", "/tasks/executions/history?taskName=other", "", 403},
		"statistics of all":                  {onMine, "GET", "/tasks/stats/summary", "", 403},
		"statistics of another":              {onMine, "GET", "/tasks/stats/summary?taskName=other", "", 403},
		"statistics of mine":                 {onMine, "GET", "/tasks/stats/summary?taskName=mine", "", 200},
		"a watch of all":                     {onMine, "GET", "/tasks/watch", "", 403},
		"a watch of another":                 {onMine, "GET", "/tasks/watch?taskName=other", "", 403},
		"a watch of another's run":           {onMine, "GET", "/tasks/executions/of-other/watch", "", 403},
		"an explanation of another's run":    {onMine, "GET", "/tasks/executions/of-other/explain", "", 403},
		"an explanation of mine":             {onMine, "GET", "/tasks/executions/of-mine/explain", "", 200},
		"the record of another's run":        {onMine, "GET", "/tasks/executions/of-other", "", 403},
		"the log of another's run":           {onMine, "GET", "/tasks/executions/of-other/logs", "", 403},
		"a dry run of another":               {onMine, "POST", "/tasks/other/execute/api?dryRun=true", "", 403},
		"a rerun of another":                 {onMine, "POST", "/tasks/executions/of-other/rerun", "", 403},
		"a rerun of a missing run":           {onMine, "POST", "/tasks/executions/away/rerun", "", 403},
		"a deletion":                         {onMine, "DELETE", "/tasks/executions/of-mine", "", 403},
		"a cancel of all":                    {onMine, "DELETE", "/tasks/executions/cancel/all", "", 403},
		"a cancel of all without a cancel":   {onMine, "DELETE", "/tasks/executions/cancel/all?dryRun=true", "", 403},
		"a cancel of mine and another's":     {onMine, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["of-mine","of-other"]}`, 403},
		"a cancel of mine and of what isn't": {onMine, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["of-mine","away"]}`, 403},
		"schedules":                          {onMine, "GET", "/triggers/cron", "", 403},
		"a schedule of mine":                 {onMine, "POST", "/triggers/cron", `{"name":"x","taskName":"mine","schedule":"@daily"}`, 403},
		"Tasks":                              {onMine, "GET", "/tasks", "", 403},
		"metrics":                            {onMine, "GET", "/metrics", "", 403},
		"a run, with get only":               {[]string{"get taskexecutions of-mine"}, "GET", "/tasks/running/execution/of-mine", "", 200},
		"its rerun, with get only":           {[]string{"get taskexecutions of-mine"}, "POST", "/tasks/executions/of-mine/rerun", "", 403},
		"its log, with get only":             {[]string{"get taskexecutions of-mine"}, "GET", "/tasks/executions/of-mine/logs", "", 403},
		"its watch, with get only":           {[]string{"get taskexecutions of-mine"}, "GET", "/tasks/executions/of-mine/watch", "", 403},
		"a rerun, with execute only":         {[]string{"execute tasks mine"}, "POST", "/tasks/executions/of-mine/rerun", "", 403},
		"a list, with watch only":            {[]string{"watch taskexecutions"}, "GET", "/tasks/executions", "", 403},
		"a schedule, with update on another": {[]string{"update taskschedules a", "execute tasks"}, "POST", "/triggers/cron/b/toggle", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(fixture.WithContainer(fixture.Task("mine")), fixture.WithContainer(fixture.Task("other"))).
				add(fixture.Execution(mine, "mine", v1alpha1.PhaseRunning), fixture.Execution(other, "other", v1alpha1.PhaseRunning))
			withSchedules(store, aSchedule("a", "mine"), aSchedule("b", "other"))
			w := call(t, facadeFor(store, newFakeGate(map[string][]string{"ann": c.rules})), c.method, c.path, c.body, bearing("ann")...)
			if w.Code != c.want || w.Code == http.StatusOK && strings.Contains(w.Body.String(), other) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if store.executions[mine].Spec.Cancel != nil && c.want == http.StatusForbidden || store.executions[other].Spec.Cancel != nil {
				t.Error("something was cancelled")
			}
		})
	}
}

// A dry run shows the Job, and so the Task's template with its environment, volumes and image. It requires the right to
// get the Task.
func TestCase47DryRunShowsNoTemplate(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync")))
	api := facadeFor(store, newFakeGate(map[string][]string{"runner": {"execute tasks sync"}, "reader": {"execute tasks sync", "get tasks sync"}}))
	for user, shown := range map[string]bool{"runner": false, "reader": true} {
		w := call(t, api, "POST", "/tasks/sync/execute/api?dryRun=true", "", bearing(user)...)
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "sync:1") != shown || strings.Contains(w.Body.String(), `"job"`) != shown {
			t.Errorf("%s: %d %s", user, w.Code, w.Body)
		}
	}
}

// A caller learns nothing from another caller's key, also on a rerun: neither the run it created, nor that it was used.
func TestCase47KeysOfOthers(t *testing.T) {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync"))).add(fixture.Execution("run", "sync", v1alpha1.PhaseCompleted))
	may := []string{"execute tasks sync", "get taskexecutions run"}
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": may, "bob": may}))
	key := func(user string) []string { return append(bearing(user), submit.HeaderIdempotencyKey, "k") }
	for _, path := range []string{"/tasks/sync/execute/api", "/tasks/executions/run/rerun"} {
		made := submit.Started{}
		if w := call(t, api, "POST", path, `{"params":{"of":"ann"}}`, key("ann")...); json.Unmarshal(w.Body.Bytes(), &made) != nil || made.ExecutionID == "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		w := call(t, api, "POST", path, `{"params":{"of":"bob"}}`, key("bob")...)
		if w.Code != http.StatusOK || w.Header().Get(submit.HeaderReplayed) != "" || strings.Contains(w.Body.String(), made.ExecutionID) {
			t.Errorf("%s: bob's key: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
		rehearsed := call(t, api, "POST", path+"?dryRun=true", `{"params":{"of":"carl"}}`, key("bob")...)
		if strings.Contains(rehearsed.Body.String(), made.ExecutionID) {
			t.Errorf("%s: a dry run tells of ann's key: %s", path, rehearsed.Body)
		}
	}
}
