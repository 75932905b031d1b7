package apiserver

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/explainer"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/tasks"
)

// operations says of each route, by method and pattern, what is served there. A route without an operation fails a
// test, and so does an answer that is not as it is described here.
func operations() (openapi.Operations, error) {
	return openapi.Merge(tasks.Operations(), submit.Operations(), runs.Operations(), logs.Operations(), explainer.Operations(), schedules.Operations(), platformOperations())
}

func tags() []openapi.Tag {
	return []openapi.Tag{
		{Name: openapi.TagTasks, Description: "What can be run, and running it."},
		{Name: openapi.TagExecutions, Description: "Runs: their status and their logs."},
		{Name: openapi.TagCancel, Description: "Stopping runs. A cancelled run stays readable."},
		{Name: openapi.TagSchedules, Description: "Runs that are made at given times."},
		{Name: openapi.TagPlatform, Description: "For what runs the facade, and for who writes a client."},
	}
}

// pathParameters are those of all paths.
func pathParameters() map[string]string {
	return map[string]string{
		"namespace":   "The Kubernetes namespace.",
		"taskName":    "The name of a Task.",
		"executionId": "The id of a run, which is the name of its TaskExecution.",
		"name":        "The name of a schedule.",
	}
}

// anyAnswers are what every operation may answer.
func anyAnswers() []openapi.Answer {
	return []openapi.Answer{
		openapi.Problem(http.StatusBadRequest, "The request is not as described; detail and errors say what is wrong with it."),
		{
			Status: http.StatusUnauthorized, Description: "There is no token, or not one that is taken.",
			Headers: map[string]string{"WWW-Authenticate": "What is asked for (RFC 6750)."},
		},
		openapi.Problem(http.StatusForbidden, "This caller may not do it, or a browser was made to send it by the page of another site."),
		openapi.Problem(http.StatusNotFound, "Nothing in Kubernetes can have a namespace of this name."),
		openapi.Problem(http.StatusRequestTimeout, "The body was sent too slowly."),
		openapi.Problem(http.StatusRequestEntityTooLarge, "The body is larger than --max-body-bytes."),
		openapi.Problem(http.StatusMisdirectedRequest, "This is served to its own machine only, and not under this name."),
		openapi.Problem(http.StatusUnsupportedMediaType, "The body is not sent as application/json."),
		{Status: http.StatusTooManyRequests, Description: "Too many requests; come again after Retry-After.", Headers: openapi.RetryAfter()},
		openapi.Problem(http.StatusInternalServerError, "Something is wrong in the facade or in what it may do; its log says more under the request id."),
		{Status: http.StatusServiceUnavailable, Description: "Kubernetes or the facade is busy, away or stopping; come again after Retry-After.", Headers: openapi.RetryAfter()},
	}
}

func platformOperations() openapi.Operations {
	word := openapi.OK("Yes.", map[string]string{})
	unchanged := openapi.Answer{Status: http.StatusNotModified, Description: "It is as If-None-Match has it."}
	tag := map[string]string{"ETag": "Of this version."}
	return openapi.Operations{
		"GET /healthz": {ID: "getHealth", Tag: openapi.TagPlatform, Summary: "Whether the process answers.", Public: true, Answers: []openapi.Answer{word}},
		"GET /readyz":  {ID: "getReadiness", Tag: openapi.TagPlatform, Summary: "Whether requests should be sent here.", Public: true, Answers: []openapi.Answer{word}},
		"GET /metrics": {
			ID: "getMetrics", Tag: openapi.TagPlatform, Summary: "Metrics for Prometheus.",
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The metrics.", MediaType: "text/plain", Body: ""}},
		},
		"GET /openapi.json": {
			ID: "getDescription", Tag: openapi.TagPlatform, Summary: "This description (OpenAPI 3.1).", Public: true,
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The document.", Body: map[string]any{}, Headers: tag}, unchanged},
		},
		"GET /docs": {
			ID: "getDocumentation", Tag: openapi.TagPlatform, Summary: "The same for people, as a page without scripts.", Public: true,
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The page.", MediaType: "text/html", Body: "", Headers: tag}, unchanged},
		},
	}
}
