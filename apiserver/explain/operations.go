// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	return openapi.Operations{
		"GET /tasks/executions/{executionId}/explain": {
			ID: "explainExecution", Tag: openapi.TagExecutions, Summary: "Explain why a run does not run, why it failed, or how it ended.",
			Parameters: []openapi.Parameter{openapi.AcceptLanguage},
			Answers:    []openapi.Answer{openapi.Worded("The explanation in one sentence, advice, and the facts.", Explanation{}), openapi.NoSuchExecution},
		},
	}
}
