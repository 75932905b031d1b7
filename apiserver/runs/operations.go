package runs

import (
	"maps"
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	listed := openapi.Tagged("The runs; none of a task that never ran.", []Listed{})
	listed.Headers["Link"] = "The next page, where there is one (RFC 8288)."
	all := openapi.Operations{
		"GET /tasks/running/execution/{executionId}": {
			ID: "getRunningExecution", Tag: openapi.TagExecutions, Summary: "One run, whether it is running or has ended.",
			Details:    "Polling costs the Kubernetes API nothing: it is answered from a watch. Once a second is enough.",
			Parameters: []openapi.Parameter{waiting, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The run.", wire.Execution{}), openapi.NotModified, openapi.NoSuchExecution},
		},
		"GET /tasks/running/{taskName}": {
			ID: "listRunningExecutions", Tag: openapi.TagExecutions, Summary: "All runs of a task, newest first, also those that have ended.",
			Parameters: []openapi.Parameter{openapi.Query("limit", "The most runs of a page; all, up to 16 MiB, where neither it nor cursor is there. What is left is at the address in the header Link.", openapi.Integer(1, web.MaxPage)), openapi.PageCursor, logsToo, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{listed, openapi.NotModified, openapi.Problem(http.StatusNotFound, "There is neither such a task nor a run of it.")},
		},
		"GET /tasks/executions":         pagesOf("listExecutions"),
		"GET /tasks/executions/history": pagesOf("listExecutionHistory"),
		"GET /tasks/executions/{executionId}": {
			ID: "getExecution", Tag: openapi.TagExecutions, Summary: "One run, with when it was recorded.", Details: "A run called history is at /tasks/executions/_/{executionId}.",
			Parameters: []openapi.Parameter{waiting, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The run.", Record{}), openapi.NotModified, openapi.NoSuchExecution},
		},
		"GET /tasks/executions/_/{executionId}": {
			ID: "getExecutionByID", Tag: openapi.TagExecutions, Summary: "One run, with when it was recorded, whatever its id is.",
			Parameters: []openapi.Parameter{waiting, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The run.", Record{}), openapi.NotModified, openapi.NoSuchExecution},
		},
		"DELETE /tasks/executions/{executionId}": {
			ID: "deleteExecution", Tag: openapi.TagExecutions, Summary: "Forget a run that has ended.",
			Answers: []openapi.Answer{
				{Status: http.StatusNoContent, Description: "It is forgotten."},
				openapi.NoSuchExecution,
				openapi.Problem(http.StatusConflict, "It has not ended, or was changed by others at the same time."),
			},
		},
		"GET /tasks/stats/summary": {
			ID: "getStatistics", Tag: openapi.TagExecutions, Summary: "How many runs there are, and how long they took.",
			Parameters: []openapi.Parameter{openapi.Query("taskName", "Only those of this task.", openapi.Text()), openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The counts.", Stats{}), openapi.NotModified, openapi.Problem(http.StatusNotFound, "There is neither such a task nor a run of it.")},
		},
	}
	maps.Copy(all, watchOperations())
	maps.Copy(all, cancelOperations())
	return all
}

// waiting and logsToo are parameters of several operations.
var (
	waiting = openapi.Query("wait", "Wait up to this long, such as 30s, until the status changes or, with If-None-Match, anything.", openapi.Text())
	logsToo = openapi.Query("logs", "Whether the newest part of each log comes with it.", openapi.Schema{"type": "boolean"})
)

func pagesOf(id string) openapi.Operation {
	return openapi.Operation{
		ID: id, Tag: openapi.TagExecutions, Summary: "Runs of all tasks, newest first, in pages.",
		Parameters: []openapi.Parameter{
			openapi.Query("taskName", "Only those of this task.", openapi.Text()),
			openapi.Query("status", "Only those of one of these, with commas between.", openapi.SomeOf("running", "completed", "failed", "cancelled")),
			openapi.Query("source", "Only those that were asked for in one of these ways, with commas between.", openapi.SomeOf("manual", "api", "schedule", "change", "kubectl")),
			openapi.Query("triggerName", "Only those that this schedule or pipeline asked for.", openapi.Text()),
			openapi.Query("startDate", "Only those that were recorded then or later: a time (RFC 3339) or a day.", openapi.Text()),
			openapi.Query("endDate", "Only those that were recorded then or before: a time (RFC 3339) or a day.", openapi.Text()),
			openapi.Query("sort", "The newest first where it is left out.", openapi.OneOf(sortNewest, sortOldest)),
			openapi.Query("limit", "The size of a page; 100 where it is left out.", openapi.Integer(1, web.MaxPage)),
			openapi.PageCursor,
			openapi.Query("page", "The number of a page, counted from 1. With pageSize, instead of limit and cursor.", openapi.Integer(1, maxReach)),
			openapi.Query("pageSize", "The size of the pages that page counts.", openapi.Integer(1, web.MaxPage)),
			logsToo, openapi.IfNoneMatch,
		},
		Answers: []openapi.Answer{openapi.Tagged("A page.", History{}), openapi.NotModified},
	}
}
