// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// bodiesNaming are the bodies of each route whose body names a task.
var bodiesNaming = map[string][]string{
	"/triggers/cron":                         {`{"name":"new","taskName":"%s","schedule":"@daily"}`, `{"name":"new","taskName":"%s","schedule":"@daily","enabled":false,"params":{"mid":"x"}}`},
	"/triggers/cron/{name}":                  {`{"taskName":"%s","schedule":"@daily"}`, `{"taskName":"%s","schedule":"@daily","enabled":false}`, `{"taskName":"%s","schedule":"@daily","params":{"mid":"x"}}`},
	"/tasks/executions/cancel/by-task-names": {`{"taskNames":["%s"]}`},
}

// A caller that may not read a Task cannot learn whether it exists or which params it takes: each route that can name
// it gives the same answer in both cases. Some callers have all rights on another Task, or on schedules and executions.
func TestCase56NothingIsToldOfATask(t *testing.T) {
	const there, away = "secret", "absent"
	others := []string{"get tasks mine", "execute tasks mine", "list tasks/executions mine", "get tasks/executions mine", "watch tasks/executions mine", "cancel tasks/executions mine"}
	callers := map[string][]string{
		"nobody": {}, "other": others,
		"scheduler": append([]string{"create taskschedules", "get taskschedules", "list taskschedules", "update taskschedules", "delete taskschedules"}, others...),
		"canceller": {"cancel taskexecutions", "list taskexecutions", "get taskexecutions", "watch taskexecutions", "cancel-all taskexecutions"},
	}
	answer := func(who, task, method, path, body string) string {
		secret := fixture.Task(there, `{"type":"object","required":["mid"],"properties":{"mid":{"type":"integer"}}}`)
		store := withSchedules(newFakeStore(fixture.Task("mine"), secret), aSchedule("nightly", "mine"), aSchedule("theirs", task))
		api := facadeFor(store, newFakeGate(callers))
		w := call(t, api, method, strings.ReplaceAll(path, "{task}", task), strings.ReplaceAll(body, "%s", task), bearing(who)...)
		said := strings.ReplaceAll(w.Body.String(), task, "TASK")
		if id := w.Header().Get("X-Request-Id"); id != "" {
			said = strings.ReplaceAll(said, id, "ID")
		}
		return fmt.Sprint(w.Code, " ", said)
	}
	n := 0
	for _, route := range (&rooms{}).routes() {
		for _, query := range []string{"", "?taskName={task}", "?dryRun=true"} {
			path := strings.NewReplacer("{taskName}", "{task}", "{executionId}", "away", "{name}", "theirs").Replace(route.pattern) + query
			bodies := append([]string{""}, bodiesNaming[route.pattern]...)
			if query == "?taskName={task}" && (route.right.Named != access.ByTask || strings.Contains(route.pattern, "{taskName}")) ||
				query == "?dryRun=true" && !strings.HasSuffix(route.pattern, "/manual") && !strings.HasSuffix(route.pattern, "/api") {
				continue // it does not take this parameter
			}
			if !strings.Contains(path, "{task}") && len(bodies) == 1 && !strings.Contains(path, "theirs") || route.lasting && query == "" {
				continue
			}
			for _, body := range bodies {
				for who := range callers {
					if who == "canceller" && route.lasting {
						continue // it may watch all runs, and the answer does not end
					}
					n++
					is, isNot := answer(who, there, route.method, path, body), answer(who, away, route.method, path, body)
					if is != isNot {
						t.Errorf("%s: %s %s %s\nof one that is there: %s\nof one that is not:   %s", who, route.method, path, body, is, isNot)
					}
				}
			}
		}
	}
	if n < 80 {
		t.Errorf("only %d requests were compared", n)
	}
	// A caller that may run the task gets the details.
	api := facadeFor(newFakeStore(), newFakeGate(map[string][]string{"ann": {"execute tasks secret"}}))
	if w := call(t, api, "POST", "/tasks/secret/execute/api", "", bearing("ann")...); w.Code != http.StatusNotFound {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
