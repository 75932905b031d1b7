package explainer

import (
	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	return openapi.Operations{
		"GET /tasks/executions/{executionId}/explain": {
			ID: "explainExecution", Tag: openapi.TagExecutions, Summary: "Why a run does not run, why it failed, or how it ended.",
			Answers: []openapi.Answer{openapi.OK("One sentence, and the facts.", Explanation{}), openapi.NoSuchExecution},
		},
	}
}
