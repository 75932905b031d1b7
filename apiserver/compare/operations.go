// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	return openapi.Operations{
		"GET /tasks/executions/{executionId}/task": {
			ID: "getExecutionTask", Tag: openapi.TagExecutions, Summary: "Get the Task as a run knew it.",
			Details: "It takes the rights to get the run and the Task.",
			Answers: []openapi.Answer{openapi.OK("The Task.", RanTask{}), openapi.Problem(http.StatusNotFound, "The run does not exist, or the definition that it ran is no longer known."), openapi.DamagedRecord},
		},
		"GET /tasks/executions/{executionId}/diff": {
			ID: "compareExecutions", Tag: openapi.TagExecutions, Summary: "Compare a run with an earlier one.",
			Details:    "Both runs may be live or archived. It takes the rights to get both runs and their logs.",
			Parameters: []openapi.Parameter{openapi.Query("with", "The id of the other run, or last-success for the newest run of the task that completed before. The default is last-success.", openapi.Text())},
			Answers:    []openapi.Answer{openapi.OK("What differs.", Diff{}), openapi.Problem(http.StatusNotFound, "A run does not exist, or no run completed before."), openapi.DamagedRecord},
		},
	}
}
