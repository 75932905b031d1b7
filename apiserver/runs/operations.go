// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
	listed := openapi.Tagged("The runs. The list is empty if the task has none.", []Listed{})
	listed.Headers["Link"] = "The next page, if there is one (RFC 8288)."
	listed.Headers[headerIncomplete] = "Why archived runs are missing, absent if none are."
	all := openapi.Operations{
		"GET /tasks/running/execution/{executionId}": {
			ID: "getRunningExecution", Tag: openapi.TagExecutions, Summary: "Get a run, running, ended or archived.",
			Details:    "Answers come from a cache, so that polling does not load the Kubernetes API. Polling once a second is enough.",
			Parameters: []openapi.Parameter{waiting, openapi.WithMay, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The run.", wire.Execution{}), openapi.NotModified, openapi.NoSuchExecution, openapi.DamagedRecord},
		},
		"GET /tasks/running/{taskName}": {
			ID: "listRunningExecutions", Tag: openapi.TagExecutions, Summary: "List all runs of a task, newest first, including those that have ended.",
			Parameters: []openapi.Parameter{
				openapi.Query("limit", "The most runs of a page. Without limit and cursor, the answer has all runs, up to 16 MiB. The header Link has the address of the next page.", openapi.Integer(1, web.MaxPage)), openapi.PageCursor, labelled, withParam, logsToo, openapi.WithMay,
				openapi.Query("archived", "Include archived runs, in pages of 100 unless there is a limit. The default is false.", openapi.Schema{"type": "boolean"}), openapi.IfNoneMatch,
			},
			Answers: []openapi.Answer{listed, openapi.NotModified, openapi.Problem(http.StatusNotFound, "Neither the task nor a run of it exists.")},
		},
		"GET /tasks/executions":         pagesOf("listExecutions"),
		"GET /tasks/executions/history": pagesOf("listExecutionHistory"),
		"GET /tasks/executions/{executionId}": {
			ID: "getExecution", Tag: openapi.TagExecutions, Summary: "Get a run, with its creation time.", Details: "For a run with the id history, use /tasks/executions/_/{executionId}.",
			Parameters: []openapi.Parameter{waiting, openapi.WithMay, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The run.", Record{}), openapi.NotModified, openapi.NoSuchExecution, openapi.DamagedRecord},
		},
		"GET /tasks/executions/_/{executionId}": {
			ID: "getExecutionByID", Tag: openapi.TagExecutions, Summary: "Get a run of any id, with its creation time.",
			Parameters: []openapi.Parameter{waiting, openapi.WithMay, openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The run.", Record{}), openapi.NotModified, openapi.NoSuchExecution, openapi.DamagedRecord},
		},
		"DELETE /tasks/executions/{executionId}": deletion(),
		"GET /tasks/stats/summary": {
			ID: "getStatistics", Tag: openapi.TagExecutions, Summary: "Count the runs, live and archived, and their durations.",
			Parameters: []openapi.Parameter{openapi.Query("taskName", "Only runs of this task.", openapi.Text()), openapi.IfNoneMatch},
			Answers:    []openapi.Answer{openapi.Tagged("The statistics.", Stats{}), openapi.NotModified, openapi.Problem(http.StatusNotFound, "Neither the task nor a run of it exists.")},
		},
	}
	maps.Copy(all, chartOperations())
	maps.Copy(all, watchOperations())
	maps.Copy(all, cancelOperations())
	return all
}

// These are parameters of several operations.
var (
	labelled  = openapi.Repeated("label", "Only runs with this label: a selector of Kubernetes, such as team=billing, team, !team or team in (billing,sales). All must hold.", maxSelectors)
	withParam = openapi.Repeated("param", "Only runs whose request had this param: NAME=VALUE, such as mid=123, with the text of a string, number, true, false or null. All must hold.", maxSelectors)
	waiting   = openapi.Query("wait", "Wait up to this long, such as 30s, until the status changes. With If-None-Match, wait until anything changes.", openapi.Text())
	logsToo   = openapi.Query("logs", "Include the newest part of each run's log.", openapi.Schema{"type": "boolean"})
)

func pagesOf(id string) openapi.Operation {
	return openapi.Operation{
		ID: id, Tag: openapi.TagExecutions, Summary: "List the runs of all tasks in pages, newest first, live and archived.",
		Details: "If the archive cannot be read, the answer has the live runs and the field incomplete. The total of numbered pages includes archived runs. It is absent if they cannot be counted: with filters other than taskName and status, or with dates that are not whole days.",
		Parameters: []openapi.Parameter{
			openapi.Query("taskName", "Only runs of this task.", openapi.Text()),
			openapi.Query("status", "Only runs with one of these statuses, separated by commas.", openapi.SomeOf("running", "completed", "failed", "cancelled")),
			openapi.Query("source", "Only runs with one of these trigger sources, separated by commas.", openapi.SomeOf("manual", "api", "schedule", "change", "kubectl")),
			openapi.Query("triggerName", "Only runs that this schedule or pipeline started.", openapi.Text()),
			labelled, withParam,
			openapi.Query("startDate", "Only runs created at or after this time (RFC 3339) or day.", openapi.Text()),
			openapi.Query("endDate", "Only runs created at or before this time (RFC 3339) or day.", openapi.Text()),
			openapi.Query("sort", "The order. The default is newest first.", openapi.OneOf(sortNewest, sortOldest)),
			openapi.Query("limit", "The most entries of a page. The default is 100.", openapi.Integer(1, web.MaxPage)),
			openapi.PageCursor,
			openapi.Query("page", "The number of the page, from 1. Use page and pageSize instead of limit and cursor.", openapi.Integer(1, maxReach)),
			openapi.Query("pageSize", "The size of a page. Use it with page.", openapi.Integer(1, web.MaxPage)),
			openapi.Query("archived", "Whether to include archived runs. The default is true. Archived runs have no logs in lists.", openapi.Schema{"type": "boolean"}),
			logsToo, openapi.WithMay, openapi.IfNoneMatch,
		},
		Answers: []openapi.Answer{openapi.Tagged("A page of runs.", History{}), openapi.NotModified},
	}
}

func deletion() openapi.Operation {
	return openapi.Operation{
		ID: "deleteExecution", Tag: openapi.TagExecutions, Summary: "Delete a run that has ended.",
		Details:    "The archive keeps its record and log, unless forget is true.",
		Parameters: []openapi.Parameter{openapi.Query("forget", "Remove the run from the archive too. The controller does both soon after the answer.", openapi.Schema{"type": "boolean"})},
		Answers: []openapi.Answer{
			{Status: http.StatusNoContent, Description: "The run is deleted."},
			{Status: http.StatusAccepted, Description: "With forget: the run will be removed from the archive, and then deleted."},
			openapi.NoSuchExecution,
			openapi.Problem(http.StatusConflict, "The run has not ended, somebody changed it at the same time, or with forget: there is no archive, or only the archive has the run."),
		},
	}
}
