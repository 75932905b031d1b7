package apiserver

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"k8s.io/apimachinery/pkg/util/validation"
)

// operation answers a request within a namespace.
type operation func(*scope, http.ResponseWriter, *http.Request) error

// route is one method of one path, and all that has to be known of it before it is served.
type route struct {
	method, pattern string
	serve           operation
	access          access
	// lasting: its answer may take as long as a run does.
	lasting bool
}

// routes is the whole API of a namespace. A name may be any word, so that a task called "execution" is one like others:
// the longer path of the execution's own route tells them apart. Three names are words of a path of the same length: a
// task called "executions" or "watch", and an execution called "history". They are read after "_", which no object of
// Kubernetes can be called, so that these paths hide nothing themselves.
func (f *rooms) routes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []route{
		{get, "/tasks", f.tasks.listTasks, to("list", "tasks", ""), false},
		{get, "/tasks/{taskName}", f.tasks.getTask, to("get", "tasks", "taskName"), false},
		{get, "/tasks/_/{taskName}", f.tasks.getTask, to("get", "tasks", "taskName"), false},

		{post, "/tasks/{taskName}/execute/manual", f.submit.execute(triggerManual), to("execute", "tasks", "taskName"), false},
		{post, "/tasks/{taskName}/execute/api", f.submit.execute(triggerAPI), to("execute", "tasks", "taskName"), false},

		{get, "/tasks/running/execution/{executionId}", f.runs.getExecution, to("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/running/{taskName}", f.runs.listExecutions, to("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/executions", f.runs.listHistory, to("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/executions/history", f.runs.listHistory, to("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/executions/{executionId}", f.runs.getRecord, to("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/executions/_/{executionId}", f.runs.getRecord, to("get", "taskexecutions", "executionId"), false},
		{del, "/tasks/executions/{executionId}", f.runs.deleteExecution, to("delete", "taskexecutions", "executionId"), false},
		{get, "/tasks/stats/summary", f.runs.statsSummary, to("list", "taskexecutions", "taskName"), false},
		{get, "/tasks/watch", f.runs.watchExecutions, to("watch", "taskexecutions", "taskName"), true},
		{get, "/tasks/executions/{executionId}/watch", f.runs.watchExecution, to("watch", "taskexecutions", "executionId"), true},
		{get, "/tasks/executions/{executionId}/explain", f.explain.explainExecution, to("get", "taskexecutions", "executionId"), false},
		// Its task is known when the execution was read: the handler asks for execute on it.
		{post, "/tasks/executions/{executionId}/rerun", f.submit.rerunExecution, to("get", "taskexecutions", "executionId"), false},
		{get, "/tasks/executions/{executionId}/logs", f.logs.getLogs, to("get", "taskexecutions/logs", "executionId"), true},

		{del, "/tasks/executions/cancel/by-ids", f.runs.cancelByIDs, cancelEach, false},
		{del, "/tasks/executions/cancel/by-task-names", f.runs.cancelByTaskNames, cancelEach, false},
		{del, "/tasks/executions/cancel/all", f.runs.cancelAll, to("cancel-all", "taskexecutions", ""), false},

		// Whatever makes a schedule run takes execute on its task as well: the handlers ask for it.
		{get, "/triggers/cron", f.schedules.listSchedules, to("list", "taskschedules", ""), false},
		{post, "/triggers/cron", f.schedules.createSchedule, to("create", "taskschedules", ""), false},
		{get, "/triggers/cron/{name}", f.schedules.getSchedule, to("get", "taskschedules", "name"), false},
		{put, "/triggers/cron/{name}", f.schedules.replaceSchedule, to("update", "taskschedules", "name"), false},
		{del, "/triggers/cron/{name}", f.schedules.deleteSchedule, to("delete", "taskschedules", "name"), false},
		{post, "/triggers/cron/{name}/toggle", f.schedules.toggleSchedule, to("update", "taskschedules", "name"), false},
		// Its task is known when the schedule was read: the handler asks for execute on it.
		{post, "/triggers/cron/{name}/run", f.submit.runSchedule, to("get", "taskschedules", "name"), false},
	}
}

// namespacePrefix stands before the paths of a namespace.
const namespacePrefix = "/namespaces/{namespace}"

// platformRoute is a path that belongs to no namespace.
type platformRoute struct {
	path  string
	serve http.Handler
	// open to everyone: it tells nothing of what is in the cluster. Others take the verb get on the path, as a
	// nonResourceURL of RBAC.
	open bool
}

// platform is what is served beside the API.
func (s *server) platform() []platformRoute {
	return []platformRoute{
		{"/healthz", handler(s.healthz), true},
		{"/readyz", handler(s.readyz), true},
		{pathMetrics, s.metrics.handler(), false},
		{"/openapi.json", handler(s.getDescription), true},
		{"/docs", handler(s.getPage), true},
	}
}

// openPaths returns the paths that are open to everyone.
func (s *server) openPaths() (paths []string) {
	for _, route := range s.platform() {
		if route.open {
			paths = append(paths, route.path)
		}
	}
	return paths
}

// mount puts the API on a router: the first namespace of --namespace at the root, and where several are served each under
// its name.
func (s *server) mount(router chi.Router, o Options) {
	s.named = nil
	if !o.AllNamespaces && o.several() {
		s.named = o.watched()
	}
	s.described = describe(o)
	for _, route := range s.platform() {
		router.Method(http.MethodGet, route.path, s.beside(route))
	}
	brief := router.With(withTimeout(o.RequestTimeout))
	for _, route := range s.rooms.routes() {
		r := brief
		if route.lasting {
			r = router.With(s.metrics.countLasting)
		}
		r.Method(route.method, route.pattern, s.within(route))
		if o.several() {
			r.Method(route.method, namespacePrefix+route.pattern, s.within(route))
		}
	}
}

// beside serves what belongs to no namespace.
func (s *server) beside(route platformRoute) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !route.open {
			if err := s.guard.inTurn(r, func() error { return s.guard.authorizePath(r, route.path) }); err != nil {
				return err
			}
		}
		route.serve.ServeHTTP(w, r)
		return nil
	}
}

// within serves a route in the namespace that the path names, or in that of --namespace, to who may do what it does.
func (s *server) within(route route) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		in := &scope{namespace: s.namespace, who: callerOf(r.Context()), guard: s.guard}
		if slices.Contains(chi.RouteContext(r.Context()).URLParams.Keys, "namespace") {
			in.namespace = pathValue(r, "namespace")
			in.prefix = "/namespaces/" + in.namespace
		}
		if len(validation.IsDNS1123Label(in.namespace)) > 0 {
			return problemf(http.StatusNotFound, "nothing in Kubernetes can have the namespace %q", in.namespace)
		}
		if err := in.let(r, route.access); err != nil {
			return err
		}
		if !s.serves(in.namespace) { // whoever may do it there is told, and nobody else
			return problemf(http.StatusNotFound, "the namespace %q is not served here (--namespace of the REST API's program)", in.namespace)
		}
		serve := handler(func(w http.ResponseWriter, r *http.Request) error { return route.serve(in, w, r) })
		if route.lasting { // it is counted by what it reads, not as a request
			return in.serveWhileAllowed(route.access, serve, w, r)
		}
		admitted, back, err := in.admitted(w, r)
		if err != nil {
			return err
		}
		defer back()
		return serve(w, admitted)
	}
}
