// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package tasks

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	noTask := openapi.Problem(http.StatusNotFound, "The task does not exist.")
	return openapi.Operations{
		"GET /tasks": {
			ID: "listTasks", Tag: openapi.TagTasks, Summary: "List all tasks, ordered by name.",
			Parameters: []openapi.Parameter{openapi.WithMay, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The tasks.", []wire.Task{}), openapi.NotModified},
		},
		"GET /tasks/{taskName}": {
			ID: "getTask", Tag: openapi.TagTasks, Summary: "Get a task.", Details: "For a task with the name executions or watch, use /tasks/_/{taskName}.",
			Parameters: []openapi.Parameter{openapi.WithMay, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The task.", wire.Task{}), openapi.NotModified, noTask},
		},
		"GET /tasks/_/{taskName}": {
			ID: "getTaskByName", Tag: openapi.TagTasks, Summary: "Get a task of any name.",
			Parameters: []openapi.Parameter{openapi.WithMay, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The task.", wire.Task{}), openapi.NotModified, noTask},
		},
	}
}
