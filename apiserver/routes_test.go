// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// A task may have any name, even a word of a path.
func TestOddNamesAreRouted(t *testing.T) {
	long := strings.Repeat("a", 253)
	var tasks []*v1alpha1.Task
	store := newFakeStore()
	for _, name := range []string{"execution", "running", "executions", "tasks", "cancel", "a.b-c", long} {
		tasks = append(tasks, fixture.Task(name))
		store.add(fixture.Execution("id-of-"+name, name, v1alpha1.PhaseRunning))
		store.tasks[name] = tasks[len(tasks)-1]
	}
	api := facade(store)
	for _, task := range tasks {
		if task.Name == "executions" { // this path is the history
			ok[runs.History](t, api, "GET", "/tasks/executions", "")
		} else if got := ok[wire.Task](t, api, "GET", "/tasks/"+task.Name, ""); got.Name != task.Name {
			t.Errorf("GET /tasks/%s is of %q", task.Name, got.Name)
		}
		list := ok[[]wire.Execution](t, api, "GET", "/tasks/running/"+task.Name, "")
		if len(list) != 1 || list[0].ExecutionID != "id-of-"+task.Name {
			t.Errorf("GET /tasks/running/%s: %+v", task.Name, list)
		}
		if got := ok[wire.Execution](t, api, "GET", "/tasks/running/execution/id-of-"+task.Name, ""); got.TaskName != task.Name {
			t.Errorf("the execution of %s is of %q", task.Name, got.TaskName)
		}
		if got := ok[submit.Started](t, api, "POST", "/tasks/"+task.Name+"/execute/manual", ""); got.TaskName != task.Name {
			t.Errorf("executing %s began %q", task.Name, got.TaskName)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync"), fixture.Task("a-b")))
	for _, c := range []struct{ method, path, says string }{
		{"GET", "/", "there is nothing at /"},
		{"GET", "/tasks/", "there is nothing at /tasks/"},
		{"GET", "/tasks/sync/", "there is nothing"},
		{"GET", "//tasks", "there is nothing"},
		{"GET", "/tasks/running/execution/", "there is nothing"},
		{"GET", "/tasks/running/execution/a/b", "there is nothing"},
		{"GET", "/tasks/running/execution", `there is no task "execution"`},
		{"GET", "/tasks/running/", "there is nothing"},
		{"GET", "/tasks/nothing", `there is no task "nothing"; GET /tasks lists`},
		{"GET", "/tasks/running/nothing", `there is no task "nothing"`},
		{"GET", "/tasks/running/execution/nothing", `there is no execution "nothing"`},
		{"GET", "/tasks/running/execution/a%2Fb", `there is no execution "a/b"`},
		{"GET", "/tasks/sync%2Fexecute%2Fmanual", `there is no task "sync/execute/manual"`},
		{"GET", "/tasks/a%252Db", `there is no task "a%2Db"`},
		{"GET", "/tasks/..%2Fsync", `there is no task "../sync"`},
		{"GET", "/tasks/%00", "there is no task"},
		{"GET", "/tasks/%FF", "there is no task"},
		{"POST", "/tasks/nothing/execute/manual", `there is no task "nothing"`},
		{"GET", "/triggers", "there is nothing at /triggers"},
		{"GET", "/triggers/cron/nothing", `there is no schedule "nothing"; GET /triggers/cron lists`},
		{"GET", "/triggers/cron/a%2Fb", `there is no schedule "a/b"`},
		{"PUT", "/triggers/cron/nothing", `there is no schedule "nothing"`},
		{"DELETE", "/triggers/cron/nothing", `there is no schedule "nothing"`},
		{"POST", "/triggers/cron/nothing/toggle", `there is no schedule "nothing"`},
		{"POST", "/triggers/cron/nothing/run", `there is no schedule "nothing"`},
		{"POST", "/tasks/Sync/execute/api", `there is no task "Sync"`},
		{"POST", "/tasks/sync/execute/other", "there is nothing"},
		{"POST", "/tasks//execute/manual", `there is no task ""`},
		{"BREW", "/coffee", ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			if c.method == "BREW" {
				wantProblem(t, call(t, api, c.method, c.path, ""), http.StatusMethodNotAllowed, "BREW")
				return
			}
			wantProblem(t, call(t, api, c.method, c.path, ""), http.StatusNotFound, c.says)
		})
	}
}

func TestMethods(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync")))
	for _, c := range []struct{ method, path, allow string }{
		{"PUT", "/tasks", "GET, HEAD"},
		{"POST", "/tasks/sync", "GET, HEAD"},
		{"GET", "/tasks/sync/execute/manual", "POST"},
		{"PATCH", "/tasks/sync/execute/api", "POST"},
		{"DELETE", "/tasks/running/sync", "GET, HEAD"},
		{"DELETE", "/tasks/running/execution/x", "GET, HEAD"},
		{"GET", "/tasks/executions/cancel/all", "DELETE"},
		{"HEAD", "/tasks/executions/cancel/by-ids", "DELETE"},
		{"POST", "/tasks/executions/cancel/by-ids", "DELETE"},
		{"OPTIONS", "/tasks/executions/cancel/by-task-names", "DELETE"},
		{"PATCH", "/triggers/cron/x", "DELETE, GET, HEAD, PUT"},
		{"DELETE", "/triggers/cron", "GET, HEAD, POST"},
		{"GET", "/triggers/cron/x/toggle", "POST"},
		{"DELETE", "/triggers/cron/x/run", "POST"},
		{"POST", "/healthz", "GET, HEAD"},
		{"DELETE", "/metrics", "GET, HEAD"},
		{"BREW", "/tasks", "GET, HEAD"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			w := call(t, api, c.method, c.path, "")
			wantProblem(t, w, http.StatusMethodNotAllowed, "only "+c.allow)
			if got := w.Header().Get("Allow"); got != c.allow {
				t.Errorf("Allow: %q, want %q", got, c.allow)
			}
		})
	}
	if w := call(t, api, "HEAD", "/tasks/sync", ""); w.Code != http.StatusOK {
		t.Errorf("HEAD where there is a GET: %d", w.Code)
	}
}

// byNamespace has a Store for each namespace.
type byNamespace map[string]Store

func (b byNamespace) In(namespace string) Store {
	if store, found := b[namespace]; found {
		return store
	}
	return newFakeStore()
}

func TestNamespaces(t *testing.T) {
	o := DefaultOptions()
	s := &server{
		namespace: "default", stores: byNamespace{"default": newFakeStore(fixture.Task("sync")), "team-a": newFakeStore(fixture.Task("other"))},
		metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute,
	}
	one := s.handler(o)
	wantProblem(t, call(t, one, "GET", "/namespaces/team-a/tasks", ""), http.StatusNotFound, "there is nothing at")
	o.AllNamespaces = true
	all := s.handler(o)
	for path, want := range map[string]string{"/tasks": "sync", "/namespaces/default/tasks": "sync", "/namespaces/team-a/tasks": "other"} {
		if got := ok[[]wire.Task](t, all, "GET", path, ""); len(got) != 1 || got[0].Name != want {
			t.Errorf("GET %s: %+v, want %s", path, got, want)
		}
	}
	if got := ok[[]wire.Task](t, all, "GET", "/namespaces/nobody/tasks", ""); len(got) != 0 {
		t.Errorf("a namespace without tasks: %+v", got)
	}
	wantProblem(t, call(t, all, "POST", "/namespaces/team-a/tasks/sync/execute/manual", ""), http.StatusNotFound, `there is no task "sync"`)
	for _, path := range []string{"/namespaces//tasks", "/namespaces/a%2Fb/tasks", "/namespaces/A/tasks", "/namespaces/a.b/tasks"} {
		wantProblem(t, call(t, all, "GET", path, ""), http.StatusNotFound, "is not a valid name of a namespace")
	}
	w := call(t, all, "POST", "/namespaces/team-a/triggers/cron", `{"name":"n","taskName":"other","schedule":"0 0 * * *"}`)
	if got := w.Header().Get("Location"); w.Code != http.StatusCreated || got != "/namespaces/team-a/triggers/cron/n" {
		t.Errorf("%d, Location %q: %s", w.Code, got, w.Body)
	}
}
