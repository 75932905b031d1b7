// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
			ID: "getExecutionLogs", Tag: openapi.TagExecutions, Summary: "Read the whole log of a run as pages, as text or as a stream.",
			Details: "With `Accept: text/plain` the answer has the lines as the program printed them. With `follow=true` it continues until the run has ended: " +
				"as Server-Sent Events (`entry` for each line, `gap` if lines may be missing, `end` at the end), or as text. " +
				"A client that reconnects with the id of `end` gets 204. " +
				"If the connection breaks, the log is not complete.",
			Parameters: logQueryParameters(),
			Answers: []openapi.Answer{
				openapi.OK("The log.", LogPage{}),
				{Status: http.StatusOK, MediaType: "text/plain", Body: "", Headers: map[string]string{
					headerLogComplete: "For text: whether the log is complete, `true` or `false`, if that is known before it is sent.",
					headerLogReason:   "Why the log is not complete, in one word.",
				}},
				{Status: http.StatusOK, MediaType: "text/event-stream", Body: "", Events: map[string]any{"entry": LogEntry{}, "gap": LogGap{}, "end": LogEnd{}}},
				{Status: http.StatusNoContent, Description: "With follow: the log has ended and the client has received the last event."},
				openapi.NoSuchExecution,
				openapi.Problem(http.StatusGone, "The part of the log at the cursor is gone."),
			},
		},
	}
}

func logQueryParameters() []openapi.Parameter {
	return []openapi.Parameter{
		openapi.Query("limit", "The most entries of a page. The default is 100.", openapi.Integer(1, web.MaxPage)),
		openapi.PageCursor,
		openapi.Query("before", "Read backwards: `end` for the newest page, or the previousCursor of a page for the page before. Any cursor of the log is possible. It excludes cursor, tail and follow.", openapi.Text("minLength", 1)),
		openapi.Query("level", "Only entries of this level and above.", openapi.OneOf("debug", "info", "warn", "error")),
		openapi.Query("since", "Only entries since this time (RFC 3339), or since a duration ago, such as 10m.", openapi.Text()),
		openapi.Query("tail", "Only this many of the last entries. It excludes cursor.", openapi.Integer(1, web.MaxPage)),
		openapi.Query("attempt", "Only this attempt, from 1.", openapi.Integer(1, maxAttempt)),
		openapi.Query("container", "Only this container, which may be a sidecar.", openapi.Text("minLength", 1)),
		openapi.Query("timestamps", "With text/plain: begin each line with its time.", openapi.Flag()),
		openapi.Query("follow", "Keep sending entries as the log grows.", openapi.Flag()),
		openapi.Header("Last-Event-ID", "The id of the last event that the client received. The stream resumes after it.", openapi.Text()),
		openapi.Query("lastEventId", "The same as Last-Event-ID, for clients that cannot set a header.", openapi.Text()),
	}
}
