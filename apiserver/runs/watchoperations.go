// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"
	"slices"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// watchOperations describes the operations with lasting answers.
func watchOperations() openapi.Operations {
	resume := openapi.LastEventID
	return openapi.Operations{
		"GET /tasks/watch": {
			ID: "watchExecutions", Tag: openapi.TagExecutions, Summary: "Watch runs.",
			Details:    "The event `ready` is sent when all later changes will be sent. `execution` has a new or changed run, `deleted` a deleted one. After `reset`, the client has to read the list again.",
			Parameters: append(slices.Clone(resume), openapi.Query("taskName", "Only runs of this task.", openapi.Text())),
			Answers:    []openapi.Answer{openapi.EventsOf(map[string]any{"ready": Ready{}, "execution": ListedRecord{}, "deleted": Gone{}, "reset": Reset{}})},
		},
		"GET /tasks/executions/{executionId}/watch": {
			ID: "watchExecution", Tag: openapi.TagExecutions, Summary: "Watch one run until it has ended.",
			Details:    "The event `execution` has the current run, and is sent again after each change. `end` or `deleted` is the last event.",
			Parameters: append(slices.Clone(resume), logsToo),
			Answers: []openapi.Answer{
				openapi.EventsOf(map[string]any{"execution": ListedRecord{}, "end": End{}, "deleted": Gone{}}),
				{Status: http.StatusNoContent, Description: "The run has ended and the client has received the last event."},
				openapi.NoSuchExecution,
			},
		},
	}
}
