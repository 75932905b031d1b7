package apiserver

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// operations says of each route, by method and pattern, what is served there. A route without an operation fails a
// test, and so does an answer that is not as it is described here.
func operations() (openapi.Operations, error) {
	return openapi.Merge(taskOperations(), executionOperations(), streamOperations(), cancelOperations(), scheduleOperations(), platformOperations())
}

// The groups of operations.
const (
	tagTasks      = "tasks"
	tagExecutions = "executions"
	tagCancel     = "cancel"
	tagSchedules  = "schedules"
	tagPlatform   = "platform"
)

func tags() []openapi.Tag {
	return []openapi.Tag{
		{Name: tagTasks, Description: "What can be run, and running it."},
		{Name: tagExecutions, Description: "Runs: their status and their logs."},
		{Name: tagCancel, Description: "Stopping runs. A cancelled run stays readable."},
		{Name: tagSchedules, Description: "Runs that are made at given times."},
		{Name: tagPlatform, Description: "For what runs the facade, and for who writes a client."},
	}
}

// pathParameters are those of all paths.
func pathParameters() map[string]string {
	return map[string]string{
		"namespace":   "The Kubernetes namespace.",
		"taskName":    "The name of a Task.",
		"executionId": "The id of a run, which is the name of its TaskExecution.",
		"name":        "The name of a schedule.",
	}
}

// anyAnswers are what every operation may answer.
func anyAnswers() []openapi.Answer {
	return []openapi.Answer{
		problemAnswer(http.StatusBadRequest, "The request is not as described; detail and errors say what is wrong with it."),
		{
			Status: http.StatusUnauthorized, Description: "There is no token, or not one that is taken.",
			Headers: map[string]string{"WWW-Authenticate": "What is asked for (RFC 6750)."},
		},
		problemAnswer(http.StatusForbidden, "This caller may not do it, or a browser was made to send it by the page of another site."),
		problemAnswer(http.StatusNotFound, "Nothing in Kubernetes can have a namespace of this name."),
		problemAnswer(http.StatusRequestTimeout, "The body was sent too slowly."),
		problemAnswer(http.StatusRequestEntityTooLarge, "The body is larger than --max-body-bytes."),
		problemAnswer(http.StatusMisdirectedRequest, "This is served to its own machine only, and not under this name."),
		problemAnswer(http.StatusUnsupportedMediaType, "The body is not sent as application/json."),
		{Status: http.StatusTooManyRequests, Description: "Too many requests; come again after Retry-After.", Headers: retryAfter()},
		problemAnswer(http.StatusInternalServerError, "Something is wrong in the facade or in what it may do; its log says more under the request id."),
		{Status: http.StatusServiceUnavailable, Description: "Kubernetes or the facade is busy, away or stopping; come again after Retry-After.", Headers: retryAfter()},
	}
}

func problemAnswer(status int, says string) openapi.Answer {
	return openapi.Answer{Status: status, Description: says}
}

func retryAfter() map[string]string {
	return map[string]string{"Retry-After": "Seconds to wait."}
}

// submitting describes an operation that makes a run; missing is the answer where there is nothing to make it of.
func submitting(o openapi.Operation, missing openapi.Answer) openapi.Operation {
	o.Details = "The answer comes at once; the run goes on by itself. With an Idempotency-Key it can be repeated without a second run."
	o.Parameters = []openapi.Parameter{
		openapi.Query("dryRun", "Write nothing, and say what would become of it.", openapi.Flag()),
		openapi.Header(headerIdempotencyKey, "Names the request, so that its repetition is known for one. 1 to 255 visible ASCII characters, quoted (RFC 9651) or not.", openapi.Text("minLength", 1)),
		openapi.Header("traceparent", "The W3C trace that the run belongs to. It reaches the container as TRACEPARENT.", openapi.Text()),
	}
	o.Body = executeRequest{}
	o.Answers = []openapi.Answer{
		{
			Status: http.StatusOK, Headers: map[string]string{headerReplayed: "true on the answer to a repetition."},
			Forms: &openapi.Forms{
				Name: "Submission", Description: "The run, or in a dry run what would become of it.", Discriminator: "kind",
				Values: map[string]any{kindStarted: wireStarted{}, kindRehearsal: wireRehearsal{}},
			},
			Description: "The run, which was recorded now, or by an earlier request of the same key; of a dry run, what would become of it.",
		},
		problemAnswer(http.StatusBadRequest, "The body is wrong, or the params are not what the task takes: errors has one entry for each field."),
		missing,
		problemAnswer(http.StatusConflict, "The task cannot be run now, is suspended or forbids another run; or the Idempotency-Key was used with another body."),
		{Status: http.StatusTooManyRequests, Description: "The queue of the task is full, or there are too many requests; come again after Retry-After.", Headers: retryAfter()},
	}
	return o
}

func taskOperations() map[string]openapi.Operation {
	noTask := problemAnswer(http.StatusNotFound, "There is no such task.")
	run := func(id, summary string) openapi.Operation {
		return submitting(openapi.Operation{ID: id, Tag: tagTasks, Summary: summary}, noTask)
	}
	return map[string]openapi.Operation{
		"GET /tasks": {
			ID: "listTasks", Tag: tagTasks, Summary: "All tasks, by name.",
			Parameters: []openapi.Parameter{ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The tasks.", []wireTask{}), notModified},
		},
		"GET /tasks/{taskName}": {
			ID: "getTask", Tag: tagTasks, Summary: "One task.", Details: "A task called executions or watch is at /tasks/_/{taskName}.",
			Parameters: []openapi.Parameter{ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The task.", wireTask{}), notModified, noTask},
		},
		"GET /tasks/_/{taskName}": {
			ID: "getTaskByName", Tag: tagTasks, Summary: "One task, whatever its name is.",
			Parameters: []openapi.Parameter{ifNoneMatch},
			Answers:    []openapi.Answer{tagged("The task.", wireTask{}), notModified, noTask},
		},
		"POST /tasks/{taskName}/execute/manual": run("executeTaskManually", "Run a task, by hand."),
		"POST /tasks/{taskName}/execute/api":    run("executeTask", "Run a task, from a program."),
	}
}

func cancelOperations() map[string]openapi.Operation {
	return map[string]openapi.Operation{
		"DELETE /tasks/executions/cancel/by-ids": {
			ID: "cancelExecutions", Tag: tagCancel, Summary: "Cancel runs by their ids.",
			Body: cancelByIDsRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{openapi.OK("What became of each.", cancelByIDsResponse{}), partly()},
		},
		"DELETE /tasks/executions/cancel/by-task-names": {
			ID: "cancelExecutionsOfTasks", Tag: tagCancel, Summary: "Cancel all runs of tasks.",
			Body: cancelByTaskNamesRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{openapi.OK("The runs that end because of it.", cancelByTaskNamesResponse{}), partly()},
		},
		"DELETE /tasks/executions/cancel/all": {
			ID: "cancelAllExecutions", Tag: tagCancel, Summary: "Cancel all runs of the namespace.",
			Parameters: []openapi.Parameter{
				openapi.Query("dryRun", "Only count them.", openapi.Flag()),
				openapi.Query("reason", "Why, kept in the receipts.", openapi.Text("maxLength", maxReason)),
			},
			Body:    cancelAllRequest{},
			Answers: []openapi.Answer{openapi.OK("How many it cancelled.", cancelAllResponse{}), partly()},
		},
	}
}

// partly is what a bulk cancel answers of which something failed.
func partly() openapi.Answer {
	return problemAnswer(http.StatusConflict, "Some could not be cancelled, because others changed them at the same time; cancelled and failed name them. Repeat the request.")
}

func scheduleOperations() map[string]openapi.Operation {
	noSchedule := problemAnswer(http.StatusNotFound, "There is no such schedule.")
	changed := problemAnswer(http.StatusConflict, "It was changed by others at the same time, or since the generation in the body.")
	one := openapi.OK("The schedule as it is now.", wireSchedule{})
	return map[string]openapi.Operation{
		"GET /triggers/cron": {
			ID: "listSchedules", Tag: tagSchedules, Summary: "All schedules.",
			Answers: []openapi.Answer{openapi.OK("The schedules.", []wireSchedule{})},
		},
		"POST /triggers/cron": {
			ID: "createSchedule", Tag: tagSchedules, Summary: "Make a schedule.",
			Body: scheduleRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{
				{Status: http.StatusCreated, Description: "The schedule that was made.", Body: wireSchedule{}, Headers: map[string]string{"Location": "Where it is."}},
				problemAnswer(http.StatusConflict, "There is one of this name, or its task cannot be run."),
			},
		},
		"GET /triggers/cron/{name}": {
			ID: "getSchedule", Tag: tagSchedules, Summary: "One schedule.",
			Answers: []openapi.Answer{one, noSchedule},
		},
		"PUT /triggers/cron/{name}": {
			ID: "replaceSchedule", Tag: tagSchedules, Summary: "Put all of a schedule anew.",
			Details: "With generation in the body it changes only what its client has seen. What was read can be sent back.",
			Body:    scheduleRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{one, noSchedule, changed},
		},
		"DELETE /triggers/cron/{name}": {
			ID: "deleteSchedule", Tag: tagSchedules, Summary: "Remove a schedule. The runs that it made stay.",
			Answers: []openapi.Answer{{Status: http.StatusNoContent, Description: "It is removed."}, noSchedule, changed},
		},
		"POST /triggers/cron/{name}/toggle": {
			ID: "toggleSchedule", Tag: tagSchedules, Summary: "Switch a schedule on or off; without a body the other way.",
			Body:    toggleRequest{},
			Answers: []openapi.Answer{one, noSchedule, changed},
		},
		"POST /triggers/cron/{name}/run": runningNow(),
	}
}

// runningNow describes a run of a schedule beside its times.
func runningNow() openapi.Operation {
	o := submitting(openapi.Operation{ID: "runSchedule", Tag: tagSchedules, Summary: "Run a schedule now, with its params."},
		problemAnswer(http.StatusNotFound, "There is no such schedule, or its task is gone."))
	o.Details += " The schedule may be switched off, and its next time stays as it is. The run needs the right to execute the task."
	o.Body = runScheduleRequest{}
	return o
}

func platformOperations() map[string]openapi.Operation {
	word := openapi.OK("Yes.", map[string]string{})
	unchanged := openapi.Answer{Status: http.StatusNotModified, Description: "It is as If-None-Match has it."}
	tag := map[string]string{"ETag": "Of this version."}
	return map[string]openapi.Operation{
		"GET /healthz": {ID: "getHealth", Tag: tagPlatform, Summary: "Whether the process answers.", Public: true, Answers: []openapi.Answer{word}},
		"GET /readyz":  {ID: "getReadiness", Tag: tagPlatform, Summary: "Whether requests should be sent here.", Public: true, Answers: []openapi.Answer{word}},
		"GET /metrics": {
			ID: "getMetrics", Tag: tagPlatform, Summary: "Metrics for Prometheus.",
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The metrics.", MediaType: "text/plain", Body: ""}},
		},
		"GET /openapi.json": {
			ID: "getDescription", Tag: tagPlatform, Summary: "This description (OpenAPI 3.1).", Public: true,
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The document.", Body: map[string]any{}, Headers: tag}, unchanged},
		},
		"GET /docs": {
			ID: "getDocumentation", Tag: tagPlatform, Summary: "The same for people, as a page without scripts.", Public: true,
			Answers: []openapi.Answer{{Status: http.StatusOK, Description: "The page.", MediaType: "text/html", Body: "", Headers: tag}, unchanged},
		},
	}
}
