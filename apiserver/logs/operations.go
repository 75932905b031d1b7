package logs

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	return openapi.Operations{
		"GET /tasks/executions/{executionId}/logs": {
			ID: "getExecutionLogs", Tag: openapi.TagExecutions, Summary: "The whole log of a run: a page, raw text, or a stream.",
			Details: "With `Accept: text/plain` it is the lines as they were printed. With `follow=true` it goes on until the run has ended: " +
				"as Server-Sent Events (`entry` for each line, `gap` where lines may be missing, `end` at the end), or as text. " +
				"A client that comes again with the id of `end` gets 204. " +
				"A connection that breaks is a log that is not whole.",
			Parameters: logQueryParameters(),
			Answers: []openapi.Answer{
				openapi.OK("The log.", LogPage{}),
				{Status: http.StatusOK, MediaType: "text/plain", Body: "", Headers: map[string]string{
					headerLogComplete: "Of the text: whether it is whole, `true` or `false`, where that is known when it begins.",
					headerLogReason:   "Why it is not, in one word.",
				}},
				{Status: http.StatusOK, MediaType: "text/event-stream", Body: "", Events: map[string]any{"entry": LogEntry{}, "gap": LogGap{}, "end": LogEnd{}}},
				{Status: http.StatusNoContent, Description: "With follow: the log has ended, and the client has seen that."},
				openapi.NoSuchExecution,
				openapi.Problem(http.StatusGone, "The part of the log that the cursor points into is gone."),
			},
		},
	}
}

func logQueryParameters() []openapi.Parameter {
	return []openapi.Parameter{
		openapi.Query("limit", "The size of a page; 100 where it is left out.", openapi.Integer(1, web.MaxPage)),
		openapi.PageCursor,
		openapi.Query("level", "Only entries of this level and above.", openapi.OneOf("debug", "info", "warn", "error")),
		openapi.Query("since", "Only what is newer: a time (RFC 3339), or how long ago, such as 10m.", openapi.Text()),
		openapi.Query("tail", "Only the last so many entries. Not with cursor.", openapi.Integer(1, web.MaxPage)),
		openapi.Query("attempt", "Only this attempt, counted from 1.", openapi.Integer(1, maxAttempt)),
		openapi.Query("container", "Only this container, which may be a sidecar.", openapi.Text("minLength", 1)),
		openapi.Query("timestamps", "With text/plain: the time before each line.", openapi.Flag()),
		openapi.Query("follow", "Go on as the log grows.", openapi.Flag()),
		openapi.Header("Last-Event-ID", "The id of the last event that was received: the stream goes on after it.", openapi.Text()),
		openapi.Query("lastEventId", "The same, for clients that can set no header.", openapi.Text()),
	}
}
