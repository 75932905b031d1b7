package apiserver

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// routes is the whole API. {taskName} may be any word, so that a task called "execution" is one like others:
// the longer path of the execution's own route tells them apart.
func (s *server) routes(r chi.Router) {
	r.Method(http.MethodGet, "/healthz", handler(s.healthz))
	r.Method(http.MethodGet, "/readyz", handler(s.readyz))
	r.Method(http.MethodGet, "/metrics", s.metrics.handler())

	r.Method(http.MethodGet, "/tasks", handler(s.listTasks))
	r.Method(http.MethodGet, "/tasks/{taskName}", handler(s.getTask))

	r.Method(http.MethodPost, "/tasks/{taskName}/execute/manual", s.execute(triggerManual))
	r.Method(http.MethodPost, "/tasks/{taskName}/execute/api", s.execute(triggerAPI))

	r.Method(http.MethodGet, "/tasks/running/execution/{executionId}", handler(s.getExecution))
	r.Method(http.MethodGet, "/tasks/running/{taskName}", handler(s.listExecutions))

	r.Method(http.MethodDelete, "/tasks/executions/cancel/by-ids", handler(s.cancelByIDs))
	r.Method(http.MethodDelete, "/tasks/executions/cancel/by-task-names", handler(s.cancelByTaskNames))
	r.Method(http.MethodDelete, "/tasks/executions/cancel/all", handler(s.cancelAll))
}
