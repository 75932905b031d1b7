// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	noTask := openapi.Problem(http.StatusNotFound, "The task does not exist.")
	run := func(id, summary string) openapi.Operation {
		return submitting(openapi.Operation{ID: id, Tag: openapi.TagTasks, Summary: summary}, noTask)
	}
	return openapi.Operations{
		"POST /tasks/{taskName}/execute/manual": run("executeTaskManually", "Run a task, started by a person."),
		"POST /tasks/{taskName}/execute/api":    run("executeTask", "Run a task, started by a program."),
		"POST /tasks/executions/{executionId}/rerun": submitting(openapi.Operation{
			ID: "rerunExecution", Tag: openapi.TagExecutions, Summary: "Run an execution again, with the same params or with those in the body.",
		}, openapi.Problem(http.StatusNotFound, "The run or its task does not exist.")),
		"POST /tasks/executions/rerun/by-filter": rerunningByFilter(),
		"POST /triggers/cron/{name}/run":         runningNow(),
	}
}

// submitting completes the description of an operation that starts a run. missing is the answer if the task, run or
// schedule does not exist.
func submitting(o openapi.Operation, missing openapi.Answer) openapi.Operation {
	o.Details = "The answer does not wait for the run. With an Idempotency-Key, the request can be repeated without starting a second run."
	o.Parameters = []openapi.Parameter{
		openapi.Query("dryRun", "Change nothing, and answer what the request would do.", openapi.Flag()),
		openapi.Header(HeaderIdempotencyKey, "Identifies the request, so that a repetition does not start a second run. 1 to 255 visible ASCII characters, quoted (RFC 9651) or not.", openapi.Text("minLength", 1)),
		openapi.AcceptLanguage,
		openapi.Header("traceparent", "The W3C trace to which the run belongs. The container gets it as TRACEPARENT.", openapi.Text()),
	}
	o.Body = executeRequest{}
	o.Answers = []openapi.Answer{
		{
			Status: http.StatusOK, Headers: map[string]string{HeaderReplayed: "true if an earlier request with the same key started the run."},
			Forms: &openapi.Forms{
				Name: "Submission", Description: "The run, or for a dry run what the request would do.", Discriminator: "kind",
				Values: map[string]any{kindStarted: Started{}, kindDryRun: DryRun{}},
			},
			Description: "The run, started by this request or by an earlier one with the same Idempotency-Key. For a dry run, what the request would do.",
		},
		openapi.Problem(http.StatusBadRequest, "The body is not valid, or the params do not match the task's schema. The field errors has an entry for each problem."),
		missing,
		openapi.Problem(http.StatusConflict, "The task is not ready, is suspended or does not allow another run, or the Idempotency-Key was used with another body."),
		{Status: http.StatusTooManyRequests, Description: "The queue of the task is full, or there are too many requests. Retry after the time in Retry-After.", Headers: openapi.RetryAfter()},
	}
	return o
}

// runningNow describes running a schedule now.
func runningNow() openapi.Operation {
	o := submitting(openapi.Operation{ID: "runSchedule", Tag: openapi.TagSchedules, Summary: "Run a schedule now, with its params."},
		openapi.Problem(http.StatusNotFound, "The schedule or its task does not exist."))
	o.Details += " It works for a disabled schedule too, and does not change the next run time. The caller needs the right to execute the task."
	o.Body = runScheduleRequest{}
	return o
}
