package submit

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	noTask := openapi.Problem(http.StatusNotFound, "There is no such task.")
	run := func(id, summary string) openapi.Operation {
		return submitting(openapi.Operation{ID: id, Tag: openapi.TagTasks, Summary: summary}, noTask)
	}
	return openapi.Operations{
		"POST /tasks/{taskName}/execute/manual": run("executeTaskManually", "Run a task, by hand."),
		"POST /tasks/{taskName}/execute/api":    run("executeTask", "Run a task, from a program."),
		"POST /tasks/executions/{executionId}/rerun": submitting(openapi.Operation{
			ID: "rerunExecution", Tag: openapi.TagExecutions, Summary: "Run an execution again, with its params or with those of the body.",
		}, openapi.Problem(http.StatusNotFound, "There is no such run, or its task is gone.")),
		"POST /triggers/cron/{name}/run": runningNow(),
	}
}

// submitting describes an operation that makes a run; missing is the answer where there is nothing to make it of.
func submitting(o openapi.Operation, missing openapi.Answer) openapi.Operation {
	o.Details = "The answer comes at once; the run goes on by itself. With an Idempotency-Key it can be repeated without a second run."
	o.Parameters = []openapi.Parameter{
		openapi.Query("dryRun", "Write nothing, and say what would become of it.", openapi.Flag()),
		openapi.Header(HeaderIdempotencyKey, "Names the request, so that its repetition is known for one. 1 to 255 visible ASCII characters, quoted (RFC 9651) or not.", openapi.Text("minLength", 1)),
		openapi.Header("traceparent", "The W3C trace that the run belongs to. It reaches the container as TRACEPARENT.", openapi.Text()),
	}
	o.Body = executeRequest{}
	o.Answers = []openapi.Answer{
		{
			Status: http.StatusOK, Headers: map[string]string{HeaderReplayed: "true on the answer to a repetition."},
			Forms: &openapi.Forms{
				Name: "Submission", Description: "The run, or in a dry run what would become of it.", Discriminator: "kind",
				Values: map[string]any{kindStarted: Started{}, kindRehearsal: Rehearsal{}},
			},
			Description: "The run, which was recorded now, or by an earlier request of the same key; of a dry run, what would become of it.",
		},
		openapi.Problem(http.StatusBadRequest, "The body is wrong, or the params are not what the task takes: errors has one entry for each field."),
		missing,
		openapi.Problem(http.StatusConflict, "The task cannot be run now, is suspended or forbids another run; or the Idempotency-Key was used with another body."),
		{Status: http.StatusTooManyRequests, Description: "The queue of the task is full, or there are too many requests; come again after Retry-After.", Headers: openapi.RetryAfter()},
	}
	return o
}

// runningNow describes a run of a schedule beside its times.
func runningNow() openapi.Operation {
	o := submitting(openapi.Operation{ID: "runSchedule", Tag: openapi.TagSchedules, Summary: "Run a schedule now, with its params."},
		openapi.Problem(http.StatusNotFound, "There is no such schedule, or its task is gone."))
	o.Details += " The schedule may be switched off, and its next time stays as it is. The run needs the right to execute the task."
	o.Body = runScheduleRequest{}
	return o
}
