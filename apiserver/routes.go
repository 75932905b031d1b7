package apiserver

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"k8s.io/apimachinery/pkg/util/validation"
)

// namespaced is the API over one namespace, for one request.
type namespaced struct {
	*server
	namespace string
	// prefix of the paths in that namespace; empty where the path names none.
	prefix string
	store  Store
	// who sent the request.
	who *caller
	// narrow: the caller may not do it to any, and what the body names has to be asked for.
	narrow bool
}

// operation answers a request within a namespace.
type operation func(*namespaced, http.ResponseWriter, *http.Request) error

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
func routes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []route{
		{get, "/tasks", (*namespaced).listTasks, access{"list", "tasks", ""}, false},
		{get, "/tasks/{taskName}", (*namespaced).getTask, access{"get", "tasks", "taskName"}, false},
		{get, "/tasks/_/{taskName}", (*namespaced).getTask, access{"get", "tasks", "taskName"}, false},

		{post, "/tasks/{taskName}/execute/manual", execute(triggerManual), access{"execute", "tasks", "taskName"}, false},
		{post, "/tasks/{taskName}/execute/api", execute(triggerAPI), access{"execute", "tasks", "taskName"}, false},

		{get, "/tasks/running/execution/{executionId}", (*namespaced).getExecution, access{"get", "taskexecutions", "executionId"}, false},
		{get, "/tasks/running/{taskName}", (*namespaced).listExecutions, access{"list", "taskexecutions", "taskName"}, false},
		{get, "/tasks/executions", (*namespaced).listHistory, access{"list", "taskexecutions", "taskName"}, false},
		{get, "/tasks/executions/history", (*namespaced).listHistory, access{"list", "taskexecutions", "taskName"}, false},
		{get, "/tasks/executions/{executionId}", (*namespaced).getRecord, access{"get", "taskexecutions", "executionId"}, false},
		{get, "/tasks/executions/_/{executionId}", (*namespaced).getRecord, access{"get", "taskexecutions", "executionId"}, false},
		{del, "/tasks/executions/{executionId}", (*namespaced).deleteExecution, access{"delete", "taskexecutions", "executionId"}, false},
		{get, "/tasks/stats/summary", (*namespaced).statsSummary, access{"list", "taskexecutions", "taskName"}, false},
		{get, "/tasks/watch", (*namespaced).watchExecutions, access{"watch", "taskexecutions", "taskName"}, true},
		{get, "/tasks/executions/{executionId}/watch", (*namespaced).watchExecution, access{"watch", "taskexecutions", "executionId"}, true},
		{get, "/tasks/executions/{executionId}/explain", (*namespaced).explainExecution, access{"get", "taskexecutions", "executionId"}, false},
		// Its task is known when the execution was read: the handler asks for execute on it.
		{post, "/tasks/executions/{executionId}/rerun", (*namespaced).rerunExecution, access{"get", "taskexecutions", "executionId"}, false},
		{get, "/tasks/executions/{executionId}/logs", (*namespaced).getLogs, access{"get", "taskexecutions/logs", "executionId"}, true},

		{del, "/tasks/executions/cancel/by-ids", (*namespaced).cancelByIDs, cancelEach, false},
		{del, "/tasks/executions/cancel/by-task-names", (*namespaced).cancelByTaskNames, cancelEach, false},
		{del, "/tasks/executions/cancel/all", (*namespaced).cancelAll, access{"cancel-all", "taskexecutions", ""}, false},

		// Whatever makes a schedule run takes execute on its task as well: the handlers ask for it.
		{get, "/triggers/cron", (*namespaced).listSchedules, access{"list", "taskschedules", ""}, false},
		{post, "/triggers/cron", (*namespaced).createSchedule, access{"create", "taskschedules", ""}, false},
		{get, "/triggers/cron/{name}", (*namespaced).getSchedule, access{"get", "taskschedules", "name"}, false},
		{put, "/triggers/cron/{name}", (*namespaced).replaceSchedule, access{"update", "taskschedules", "name"}, false},
		{del, "/triggers/cron/{name}", (*namespaced).deleteSchedule, access{"delete", "taskschedules", "name"}, false},
		{post, "/triggers/cron/{name}/toggle", (*namespaced).toggleSchedule, access{"update", "taskschedules", "name"}, false},
		// Its task is known when the schedule was read: the handler asks for execute on it.
		{post, "/triggers/cron/{name}/run", (*namespaced).runSchedule, access{"get", "taskschedules", "name"}, false},
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

// platformPaths gives the paths of some of them.
func (s *server) platformPaths(which func(platformRoute) bool) (paths []string) {
	for _, route := range s.platform() {
		if which(route) {
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
	for _, route := range routes() {
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
			if err := s.inTurn(r, func() error { return s.authorizePath(r, route.path) }); err != nil {
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
		in := &namespaced{server: s, namespace: s.namespace, who: callerOf(r.Context())}
		if slices.Contains(chi.RouteContext(r.Context()).URLParams.Keys, "namespace") {
			in.namespace = pathValue(r, "namespace")
			in.prefix = "/namespaces/" + in.namespace
		}
		if len(validation.IsDNS1123Label(in.namespace)) > 0 {
			return problemf(http.StatusNotFound, "nothing in Kubernetes can have the namespace %q", in.namespace)
		}
		in.store = s.stores.In(in.namespace)
		if err := in.let(r, route.access); err != nil {
			return err
		}
		if !s.serves(in.namespace) { // whoever may do it there is told, and nobody else
			return problemf(http.StatusNotFound, "the namespace %q is not served here (--namespace of the REST API's program)", in.namespace)
		}
		if route.lasting { // it is counted by what it reads, not as a request
			return in.serveWhileAllowed(route, w, r)
		}
		admitted, back, err := in.admitted(w, r)
		if err != nil {
			return err
		}
		defer back()
		return route.serve(in, w, admitted)
	}
}
