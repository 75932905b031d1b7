// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
)

// operation serves a request in a namespace.
type operation func(*access.Scope, http.ResponseWriter, *http.Request) error

// route is one method of one path, with its right.
type route struct {
	method, pattern string
	serve           operation
	right           access.Right
	// lasting says that the answer may take as long as a run.
	lasting bool
}

// routes returns the whole API of a namespace. Any name works, even a task with the name "execution", because the paths
// have different lengths. Three names collide with words in paths of the same length: a task "executions" or "watch",
// and an execution "history". They are read after "_", which is not a valid name in Kubernetes, so that these paths
// collide with nothing.
func (f *rooms) routes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []route{
		{get, "/tasks", f.tasks.List, access.RightTo("list", "tasks", ""), false},
		{get, "/tasks/{taskName}", f.tasks.Get, access.RightTo("get", "tasks", "taskName"), false},
		{get, "/tasks/_/{taskName}", f.tasks.Get, access.RightTo("get", "tasks", "taskName"), false},

		{post, "/tasks/{taskName}/execute/manual", f.submit.Execute(v1alpha1.TriggerManual), access.RightTo("execute", "tasks", "taskName"), false},
		{post, "/tasks/{taskName}/execute/api", f.submit.Execute(v1alpha1.TriggerAPI), access.RightTo("execute", "tasks", "taskName"), false},

		{get, "/tasks/running/execution/{executionId}", f.runs.Get, access.RightTo("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/running/{taskName}", f.runs.ListOfTask, access.RightTo("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/executions", f.runs.List, access.RightTo("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/executions/history", f.runs.List, access.RightTo("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/executions/{executionId}", f.runs.GetRecord, access.RightTo("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/executions/_/{executionId}", f.runs.GetRecord, access.RightTo("get", "taskexecutions", "executionId"), false},
		{del, "/tasks/executions/{executionId}", f.runs.Delete, access.RightTo("delete", "taskexecutions", "executionId"), false},
		{get, "/tasks/stats/summary", f.runs.Summary, access.RightTo("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/stats/history", f.runs.StatsHistory, access.RightTo("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/watch", f.runs.Watch, access.RightTo("watch", "taskexecutions", "taskName"), true},
		{get, "/tasks/executions/{executionId}/watch", f.runs.WatchOne, access.RightTo("watch", "taskexecutions", "executionId"), true},
		{get, "/tasks/executions/{executionId}/explain", f.explain.Explain, access.RightTo("get", "taskexecutions", "executionId"), false},
		// Its task is known after the execution was read: the handler checks execute on it.
		{post, "/tasks/executions/{executionId}/rerun", f.submit.Rerun, access.RightTo("get", "taskexecutions", "executionId"), false},
		// Their tasks are known after the executions were read: the handler checks execute on each.
		{post, "/tasks/executions/rerun/by-filter", f.submit.RerunByFilter, access.RightTo("list", "taskexecutions", "taskName"), false},
		// Its task is known after the execution was read: the handler checks get on it. A diff takes the rights to read both runs and logs.
		{get, "/tasks/executions/{executionId}/task", f.compare.Task, access.RightTo("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/executions/{executionId}/diff", f.compare.Diff, access.RightTo("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/executions/{executionId}/logs", f.logs.Get, access.RightTo("get", "taskexecutions/logs", "executionId"), true},
		{get, "/tasks/executions/{executionId}/logs/search", f.logs.Search, access.RightTo("get", "taskexecutions/logs", "executionId"), false},

		{del, "/tasks/executions/cancel/by-ids", f.runs.CancelByIDs, access.CancelEach, false},
		{del, "/tasks/executions/cancel/by-task-names", f.runs.CancelByTaskNames, access.CancelEach, false},
		{del, "/tasks/executions/cancel/by-filter", f.runs.CancelByFilter, access.RightTo("cancel", "taskexecutions", "taskName"), false},
		{del, "/tasks/executions/cancel/all", f.runs.CancelAll, access.RightTo("cancel-all", "taskexecutions", ""), false},

		// Any change that makes a schedule start runs needs execute on its task: the handlers check it.
		{get, "/triggers/cron", f.schedules.List, access.RightTo("list", "taskschedules", ""), false},
		{post, "/triggers/cron", f.schedules.Create, access.RightTo("create", "taskschedules", ""), false},
		{get, "/triggers/cron/{name}", f.schedules.Get, access.RightTo("get", "taskschedules", "name"), false},
		{get, "/triggers/cron/{name}/ticks", f.schedules.Ticks, access.RightTo("get", "taskschedules", "name"), false},
		{get, "/triggers/cron/_/ticks", f.schedules.Preview, access.RightTo("list", "taskschedules", ""), false},
		{put, "/triggers/cron/{name}", f.schedules.Replace, access.RightTo("update", "taskschedules", "name"), false},
		{del, "/triggers/cron/{name}", f.schedules.Delete, access.RightTo("delete", "taskschedules", "name"), false},
		{post, "/triggers/cron/{name}/toggle", f.schedules.Toggle, access.RightTo("update", "taskschedules", "name"), false},
		// Its task is known after the schedule was read: the handler checks execute on it.
		{post, "/triggers/cron/{name}/run", f.submit.RunSchedule, access.RightTo("get", "taskschedules", "name"), false},
	}
}

// namespacePrefix is the prefix of the paths of a namespace.
const namespacePrefix = "/namespaces/{namespace}"

// platformRoute is a method of a path outside all namespaces.
type platformRoute struct {
	method, path string
	serve        web.Handler
	needs        need
}

// need is what a caller of a platformRoute needs.
type need int

const (
	// needsRight: the verb get on the path, as a nonResourceURL of RBAC.
	needsRight need = iota
	// needsName: nothing but to be authenticated.
	needsName
	// needsNothing: the path is open to everyone, because it says nothing about the cluster. All methods of a path are
	// open or none.
	needsNothing
)

// platform returns the routes outside all namespaces.
func (s *server) platform() []platformRoute {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []platformRoute{
		{get, "/healthz", s.healthz, needsNothing},
		{get, "/readyz", s.readyz, needsNothing},
		{get, access.PathMetrics, s.getMetrics, needsRight},
		{get, "/openapi.json", s.getDescription, needsNothing},
		{get, "/docs", s.getPage, needsNothing},

		{get, "/session", s.session.Get, needsNothing},
		{post, "/session", s.session.Create, needsNothing},
		{del, "/session", s.session.Delete, needsNothing},
		{get, "/session/oidc", s.session.BeginOIDC, needsNothing},
		{get, "/session/oidc/callback", s.session.EndOIDC, needsNothing},
		{post, "/session/links", s.session.CreateLink, needsName},
	}
}

// openPaths returns the paths that are open to everyone.
func (s *server) openPaths() (paths []string) {
	for _, route := range s.platform() {
		if route.needs == needsNothing {
			paths = append(paths, route.path)
		}
	}
	return paths
}

// mount adds the API to a router: the first namespace of --namespace at the root and, if several namespaces are served,
// each one under its name.
func (s *server) mount(router chi.Router, o Options) {
	s.named = nil
	if !o.AllNamespaces && o.several() {
		s.named = o.watched()
	}
	s.described = describe(o)
	brief := router.With(web.WithTimeout(o.RequestTimeout))
	for _, route := range s.platform() {
		brief.Method(route.method, route.path, s.beside(route))
	}
	for _, route := range s.rooms.routes() {
		r := brief
		if route.lasting {
			r = router.With(s.metrics.CountLasting)
		}
		r.Method(route.method, route.pattern, s.within(route))
		if o.several() {
			r.Method(route.method, namespacePrefix+route.pattern, s.within(route))
		}
	}
}

// beside serves a route outside all namespaces.
func (s *server) beside(route platformRoute) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if route.needs == needsRight {
			if err := s.guard.InTurn(r, func() error { return s.guard.AuthorizePath(r, route.path) }); err != nil {
				return err
			}
		}
		return route.serve(w, r)
	}
}

// within serves a route in the namespace of the path, or else of --namespace, to callers with the right of the route.
func (s *server) within(route route) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		in := &access.Scope{Namespace: s.namespace, Who: access.CallerOf(r.Context()), Guard: s.guard}
		if slices.Contains(chi.RouteContext(r.Context()).URLParams.Keys, "namespace") {
			in.Namespace = web.PathValue(r, "namespace")
			in.Prefix = "/namespaces/" + in.Namespace
		}
		if len(validation.IsDNS1123Label(in.Namespace)) > 0 {
			return web.Problemf(http.StatusNotFound, "%q is not a valid name of a namespace", in.Namespace)
		}
		if err := in.Authorize(r, route.right); err != nil {
			return err
		}
		if !s.serves(in.Namespace) { // only callers with the right learn that
			return web.Problemf(http.StatusNotFound, "the namespace %q is not served here (--namespace)", in.Namespace)
		}
		serve := web.Handler(func(w http.ResponseWriter, r *http.Request) error { return route.serve(in, w, r) })
		if route.lasting { // it takes a place as a stream, not as a request
			return in.ServeWhileAllowed(route.right, serve, w, r)
		}
		admitted, back, err := in.Admit(w, r)
		if err != nil {
			return err
		}
		defer back()
		return serve(w, admitted)
	}
}
