package apiserver

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// What the descriptions of reads have in common.
var (
	noSuchExecution = problemAnswer(http.StatusNotFound, "There is no such run.")
	notModified     = openapi.Answer{Status: http.StatusNotModified, Description: "It is as If-None-Match has it.", Headers: map[string]string{"ETag": "Of this state."}}
	ifNoneMatch     = openapi.Header("If-None-Match", "The ETag of what is there already: where it is the same, the answer is 304.", openapi.Text())
	waiting         = openapi.Query("wait", "Wait up to this long, such as 30s, until the status changes or, with If-None-Match, anything.", openapi.Text())
	pageCursor      = openapi.Query("cursor", "The nextCursor of another page: where this one begins.", openapi.Text())
	logsToo         = openapi.Query("logs", "Whether the newest part of each log comes with it.", openapi.Schema{"type": "boolean"})
)

// tagged is the answer 200 with an ETag.
func tagged(says string, body any) openapi.Answer {
	return openapi.Answer{Status: http.StatusOK, Description: says, Body: body, Headers: map[string]string{"ETag": "Of this state."}}
}

// eventsOf is the answer 200 of a stream.
func eventsOf(events map[string]any) openapi.Answer {
	return openapi.Answer{Status: http.StatusOK, Description: "The events, as they come.", MediaType: "text/event-stream", Body: "", Events: events}
}

func executionOperations() map[string]openapi.Operation {
	listed := tagged("The runs; none of a task that never ran.", []wireListed{})
	listed.Headers["Link"] = "The next page, where there is one (RFC 8288)."
	return map[string]openapi.Operation{
		"GET /tasks/running/execution/{executionId}": {
			ID: "getRunningExecution", Tag: tagExecutions, Summary: "One run, whether it is running or has ended.",
			Details:    "Polling costs the Kubernetes API nothing: it is answered from a watch. Once a second is enough.",
			Parameters: []openapi.Parameter{waiting, ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The run.", wireExecution{}), notModified, noSuchExecution},
		},
		"GET /tasks/running/{taskName}": {
			ID: "listRunningExecutions", Tag: tagExecutions, Summary: "All runs of a task, newest first, also those that have ended.",
			Parameters: []openapi.Parameter{openapi.Query("limit", "The most runs of a page; all, up to 16 MiB, where neither it nor cursor is there. What is left is at the address in the header Link.", openapi.Integer(1, maxPage)), pageCursor, logsToo, ifNoneMatch},
			Answers:    []openapi.Answer{listed, notModified, problemAnswer(http.StatusNotFound, "There is neither such a task nor a run of it.")},
		},
		"GET /tasks/executions":         pagesOf("listExecutions"),
		"GET /tasks/executions/history": pagesOf("listExecutionHistory"),
		"GET /tasks/executions/{executionId}": {
			ID: "getExecution", Tag: tagExecutions, Summary: "One run, with when it was recorded.", Details: "A run called history is at /tasks/executions/_/{executionId}.",
			Parameters: []openapi.Parameter{waiting, ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The run.", wireRecord{}), notModified, noSuchExecution},
		},
		"GET /tasks/executions/_/{executionId}": {
			ID: "getExecutionByID", Tag: tagExecutions, Summary: "One run, with when it was recorded, whatever its id is.",
			Parameters: []openapi.Parameter{waiting, ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The run.", wireRecord{}), notModified, noSuchExecution},
		},
		"DELETE /tasks/executions/{executionId}": {
			ID: "deleteExecution", Tag: tagExecutions, Summary: "Forget a run that has ended.",
			Answers: []openapi.Answer{
				{Status: http.StatusNoContent, Description: "It is forgotten."},
				noSuchExecution,
				problemAnswer(http.StatusConflict, "It has not ended, or was changed by others at the same time."),
			},
		},
		"GET /tasks/stats/summary": {
			ID: "getStatistics", Tag: tagExecutions, Summary: "How many runs there are, and how long they took.",
			Parameters: []openapi.Parameter{openapi.Query("taskName", "Only those of this task.", openapi.Text()), ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The counts.", wireStats{}), notModified, problemAnswer(http.StatusNotFound, "There is neither such a task nor a run of it.")},
		},
		"GET /tasks/executions/{executionId}/explain": {
			ID: "explainExecution", Tag: tagExecutions, Summary: "Why a run does not run, why it failed, or how it ended.",
			Answers: []openapi.Answer{openapi.OK("One sentence, and the facts.", wireExplanation{}), noSuchExecution},
		},
		"POST /tasks/executions/{executionId}/rerun": submitting(openapi.Operation{
			ID: "rerunExecution", Tag: tagExecutions, Summary: "Run an execution again, with its params or with those of the body.",
		}, problemAnswer(http.StatusNotFound, "There is no such run, or its task is gone.")),
	}
}

func pagesOf(id string) openapi.Operation {
	return openapi.Operation{
		ID: id, Tag: tagExecutions, Summary: "Runs of all tasks, newest first, in pages.",
		Parameters: []openapi.Parameter{
			openapi.Query("taskName", "Only those of this task.", openapi.Text()),
			openapi.Query("status", "Only those of one of these, with commas between.", openapi.SomeOf("running", "completed", "failed", "cancelled")),
			openapi.Query("source", "Only those that were asked for in one of these ways, with commas between.", openapi.SomeOf("manual", "api", "schedule", "change", "kubectl")),
			openapi.Query("triggerName", "Only those that this schedule or pipeline asked for.", openapi.Text()),
			openapi.Query("startDate", "Only those that were recorded then or later: a time (RFC 3339) or a day.", openapi.Text()),
			openapi.Query("endDate", "Only those that were recorded then or before: a time (RFC 3339) or a day.", openapi.Text()),
			openapi.Query("sort", "The newest first where it is left out.", openapi.OneOf(sortNewest, sortOldest)),
			openapi.Query("limit", "The size of a page; 100 where it is left out.", openapi.Integer(1, maxPage)),
			pageCursor,
			openapi.Query("page", "The number of a page, counted from 1. With pageSize, instead of limit and cursor.", openapi.Integer(1, maxReach)),
			openapi.Query("pageSize", "The size of the pages that page counts.", openapi.Integer(1, maxPage)),
			logsToo, ifNoneMatch,
		},
		Answers: []openapi.Answer{tagged("A page.", wireHistory{}), notModified},
	}
}

// streamOperations are those whose answers may last.
func streamOperations() map[string]openapi.Operation {
	resume := []openapi.Parameter{
		openapi.Header("Last-Event-ID", "The id of the last event that was received: the stream goes on after it.", openapi.Text()),
		openapi.Query("lastEventId", "The same, for clients that can set no header.", openapi.Text()),
	}
	return map[string]openapi.Operation{
		"GET /tasks/watch": {
			ID: "watchExecutions", Tag: tagExecutions, Summary: "A stream of what becomes of runs.",
			Details:    "`ready` says from where on; `execution` has a run that is new or changed, `deleted` one that is gone; after `reset` the list has to be read anew.",
			Parameters: append(resume, openapi.Query("taskName", "Only those of this task.", openapi.Text())),
			Answers:    []openapi.Answer{eventsOf(map[string]any{"ready": wireReady{}, "execution": wireListedRecord{}, "deleted": wireGone{}, "reset": wireReset{}})},
		},
		"GET /tasks/executions/{executionId}/watch": {
			ID: "watchExecution", Tag: tagExecutions, Summary: "A stream of what becomes of one run, until it has ended.",
			Details:    "`execution` has the run as it is now and each time that it changed; `end` or `deleted` is the last event.",
			Parameters: append(resume, logsToo),
			Answers: []openapi.Answer{
				eventsOf(map[string]any{"execution": wireListedRecord{}, "end": wireEnd{}, "deleted": wireGone{}}),
				{Status: http.StatusNoContent, Description: "It has ended, and the client has seen that."},
				noSuchExecution,
			},
		},
		"GET /tasks/executions/{executionId}/logs": {
			ID: "getExecutionLogs", Tag: tagExecutions, Summary: "The whole log of a run: a page, raw text, or a stream.",
			Details: "With `Accept: text/plain` it is the lines as they were printed. With `follow=true` it goes on until the run has ended: " +
				"as Server-Sent Events (`entry` for each line, `gap` where lines may be missing, `end` at the end), or as text. " +
				"A client that comes again with the id of `end` gets 204. " +
				"A connection that breaks is a log that is not whole.",
			Parameters: logQueryParameters(),
			Answers: []openapi.Answer{
				openapi.OK("The log.", wireLogPage{}),
				{Status: http.StatusOK, MediaType: "text/plain", Body: "", Headers: map[string]string{
					headerLogComplete: "Of the text: whether it is whole, `true` or `false`, where that is known when it begins.",
					headerLogReason:   "Why it is not, in one word.",
				}},
				{Status: http.StatusOK, MediaType: "text/event-stream", Body: "", Events: map[string]any{"entry": wireLogEntry{}, "gap": wireLogGap{}, "end": wireLogEnd{}}},
				{Status: http.StatusNoContent, Description: "With follow: the log has ended, and the client has seen that."},
				noSuchExecution,
				problemAnswer(http.StatusGone, "The part of the log that the cursor points into is gone."),
			},
		},
	}
}

func logQueryParameters() []openapi.Parameter {
	return []openapi.Parameter{
		openapi.Query("limit", "The size of a page; 100 where it is left out.", openapi.Integer(1, maxPage)),
		pageCursor,
		openapi.Query("level", "Only entries of this level and above.", openapi.OneOf("debug", "info", "warn", "error")),
		openapi.Query("since", "Only what is newer: a time (RFC 3339), or how long ago, such as 10m.", openapi.Text()),
		openapi.Query("tail", "Only the last so many entries. Not with cursor.", openapi.Integer(1, maxPage)),
		openapi.Query("attempt", "Only this attempt, counted from 1.", openapi.Integer(1, maxAttempt)),
		openapi.Query("container", "Only this container, which may be a sidecar.", openapi.Text("minLength", 1)),
		openapi.Query("timestamps", "With text/plain: the time before each line.", openapi.Flag()),
		openapi.Query("follow", "Go on as the log grows.", openapi.Flag()),
		openapi.Header("Last-Event-ID", "The id of the last event that was received: the stream goes on after it.", openapi.Text()),
		openapi.Query("lastEventId", "The same, for clients that can set no header.", openapi.Text()),
	}
}
