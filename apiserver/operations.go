// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/compare"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/session"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/tasks"
)

// operations describes all routes, by method and pattern. Tests fail if a route has no operation, or if an answer does
// not match its description.
func operations() (openapi.Operations, error) {
	return openapi.Merge(tasks.Operations(), submit.Operations(), runs.Operations(), logs.Operations(), explain.Operations(), compare.Operations(), schedules.Operations(), session.Operations(), platformOperations())
}

func tags() []openapi.Tag {
	return []openapi.Tag{
		{Name: openapi.TagTasks, Description: "Tasks, and running them."},
		{Name: openapi.TagExecutions, Description: "Runs, their status and their logs."},
		{Name: openapi.TagCancel, Description: "Cancelling runs. A cancelled run can still be read."},
		{Name: openapi.TagSchedules, Description: "Schedules, which run tasks at given times."},
		{Name: openapi.TagSession, Description: "Logging browsers in. Programs send a header Authorization instead."},
		{Name: openapi.TagPlatform, Description: "Health, metrics and this description."},
	}
}

// pathParameters returns the descriptions of all parameters of paths.
func pathParameters() map[string]string {
	return map[string]string{
		"namespace":   "The Kubernetes namespace.",
		"taskName":    "The name of a Task.",
		"executionId": "The id of a run. It is also the name of the TaskExecution.",
		"name":        "The name of a schedule.",
	}
}

// anyAnswers returns the answers that every operation may give.
func anyAnswers() []openapi.Answer {
	return []openapi.Answer{
		openapi.Problem(http.StatusBadRequest, "The request is not valid. The fields detail and errors say why."),
		{
			Status: http.StatusUnauthorized, Description: "The token is missing or not valid.",
			Headers: map[string]string{"WWW-Authenticate": "How to authenticate (RFC 6750)."},
		},
		openapi.Problem(http.StatusForbidden, "The caller is not allowed to do this, or a page of another site made a browser send it."),
		openapi.Problem(http.StatusNotFound, "The name of the namespace is not valid, or the namespace is not served here."),
		openapi.Problem(http.StatusRequestTimeout, "The body arrived too slowly."),
		openapi.Problem(http.StatusRequestEntityTooLarge, "The body is larger than --max-body-bytes."),
		openapi.Problem(http.StatusMisdirectedRequest, "The API is served on localhost only, and the request was sent to another host name."),
		openapi.Problem(http.StatusUnsupportedMediaType, "The Content-Type of the body is not application/json."),
		{Status: http.StatusTooManyRequests, Description: "Too many requests. Retry after the time in Retry-After.", Headers: openapi.RetryAfter()},
		openapi.Problem(http.StatusInternalServerError, "The facade failed or lacks a right. Its log has the details under the request id."),
		{Status: http.StatusServiceUnavailable, Description: "Kubernetes or the facade is busy, unreachable or stopping. Retry after the time in Retry-After.", Headers: openapi.RetryAfter()},
	}
}

func platformOperations() openapi.Operations {
	word := openapi.OK("Yes.", map[string]string{})
	unchanged := openapi.Answer{Status: http.StatusNotModified, Description: "Not modified since the ETag in If-None-Match."}
	tag := map[string]string{"ETag": "The ETag of this version."}
	return openapi.Operations{
		"GET /healthz": {ID: "getHealth", Tag: openapi.TagPlatform, Summary: "Report whether the process is alive.", Public: true, Answers: []openapi.Answer{word}},
		"GET /readyz":  {ID: "getReadiness", Tag: openapi.TagPlatform, Summary: "Report whether the facade is ready for requests.", Public: true, Answers: []openapi.Answer{word}},
		"GET /metrics": {
			ID: "getMetrics", Tag: openapi.TagPlatform, Summary: "Metrics for Prometheus.",
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The metrics.", MediaType: "text/plain", Body: ""}},
		},
		"GET /openapi.json": {
			ID: "getDescription", Tag: openapi.TagPlatform, Summary: "This description (OpenAPI 3.1).", Public: true,
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The document.", Body: map[string]any{}, Headers: tag}, unchanged},
		},
		"GET /docs": {
			ID: "getDocumentation", Tag: openapi.TagPlatform, Summary: "The same description as an HTML page.", Public: true,
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The page.", MediaType: "text/html", Body: "", Headers: tag}, unchanged},
		},
	}
}
