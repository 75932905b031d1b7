package runs

import (
	"net/http"
	"slices"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// watchOperations are those whose answers last.
func watchOperations() openapi.Operations {
	resume := openapi.LastEventID
	return openapi.Operations{
		"GET /tasks/watch": {
			ID: "watchExecutions", Tag: openapi.TagExecutions, Summary: "A stream of what becomes of runs.",
			Details:    "`ready` says from where on; `execution` has a run that is new or changed, `deleted` one that is gone; after `reset` the list has to be read anew.",
			Parameters: append(slices.Clone(resume), openapi.Query("taskName", "Only those of this task.", openapi.Text())),
			Answers:    []openapi.Answer{openapi.EventsOf(map[string]any{"ready": Ready{}, "execution": ListedRecord{}, "deleted": Gone{}, "reset": Reset{}})},
		},
		"GET /tasks/executions/{executionId}/watch": {
			ID: "watchExecution", Tag: openapi.TagExecutions, Summary: "A stream of what becomes of one run, until it has ended.",
			Details:    "`execution` has the run as it is now and each time that it changed; `end` or `deleted` is the last event.",
			Parameters: append(slices.Clone(resume), logsToo),
			Answers: []openapi.Answer{
				openapi.EventsOf(map[string]any{"execution": ListedRecord{}, "end": End{}, "deleted": Gone{}}),
				{Status: http.StatusNoContent, Description: "It has ended, and the client has seen that."},
				openapi.NoSuchExecution,
			},
		},
	}
}
