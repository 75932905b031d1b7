// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"maps"
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

// Operations describes what this package serves, by method and pattern.
func Operations() openapi.Operations {
	noSchedule := openapi.Problem(http.StatusNotFound, "The schedule does not exist.")
	changed := openapi.Problem(http.StatusConflict, "The schedule was changed at the same time, or since the generation in the body.")
	one := openapi.OK("The schedule.", Schedule{})
	all := openapi.Operations{
		"GET /triggers/cron": {
			ID: "listSchedules", Tag: openapi.TagSchedules, Summary: "List all schedules.",
			Parameters: []openapi.Parameter{openapi.WithMay},
			Answers:    []openapi.Answer{openapi.OK("The schedules.", []Schedule{})},
		},
		"POST /triggers/cron": {
			ID: "createSchedule", Tag: openapi.TagSchedules, Summary: "Create a schedule.",
			Body: scheduleRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{
				{Status: http.StatusCreated, Description: "The created schedule.", Body: Schedule{}, Headers: map[string]string{"Location": "The path of the schedule."}},
				openapi.Problem(http.StatusConflict, "A schedule of this name exists, or the task cannot be run."),
			},
		},
		"GET /triggers/cron/{name}": {
			ID: "getSchedule", Tag: openapi.TagSchedules, Summary: "Get a schedule.",
			Parameters: []openapi.Parameter{openapi.WithMay},
			Answers:    []openapi.Answer{one, noSchedule},
		},
		"PUT /triggers/cron/{name}": {
			ID: "replaceSchedule", Tag: openapi.TagSchedules, Summary: "Replace a schedule.",
			Details: "If the body has a generation, the schedule is replaced only if it still has that generation. The answer of a GET can be sent back.",
			Body:    scheduleRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{one, noSchedule, changed},
		},
		"DELETE /triggers/cron/{name}": {
			ID: "deleteSchedule", Tag: openapi.TagSchedules, Summary: "Delete a schedule. Its runs are kept.",
			Answers: []openapi.Answer{{Status: http.StatusNoContent, Description: "The schedule is deleted."}, noSchedule, changed},
		},
		"POST /triggers/cron/{name}/toggle": {
			ID: "toggleSchedule", Tag: openapi.TagSchedules, Summary: "Enable or disable a schedule. Without a body, toggle it.",
			Body:    toggleRequest{},
			Answers: []openapi.Answer{one, noSchedule, changed},
		},
	}
	maps.Copy(all, ticksOperations(noSchedule))
	return all
}

// ticksOperations describes the ticks of schedules.
func ticksOperations(noSchedule openapi.Answer) openapi.Operations {
	next := openapi.Query("next", "How many of the next ticks to return.", openapi.Integer(1, maxTicks, "default", defaultTicks))
	return openapi.Operations{
		"GET /triggers/cron/{name}/ticks": {
			ID: "getTicks", Tag: openapi.TagSchedules, Summary: "Get the next and the past ticks of a schedule.",
			Details: "A tick is a time of the cron expression. A past tick says whether its run exists.",
			Parameters: []openapi.Parameter{
				next,
				openapi.Query("past", "How many of the newest past ticks to return.", openapi.Integer(1, maxTicks, "default", defaultTicks)),
			},
			Answers: []openapi.Answer{
				openapi.OK("The ticks.", Ticks{}), noSchedule,
				openapi.Problem(http.StatusConflict, "The cron expression or the time zone of the schedule is not valid."),
			},
		},
		"GET /triggers/cron/_/ticks": {
			ID: "previewTicks", Tag: openapi.TagSchedules, Summary: "Get the next ticks of a schedule that does not exist yet.",
			Parameters: []openapi.Parameter{
				openapi.Query("schedule", "The cron expression. Required.", openapi.Text()),
				openapi.Query("timeZone", "A name of the IANA time zone database. The default is UTC.", openapi.Text()),
				next,
			},
			Answers: []openapi.Answer{openapi.OK("The ticks, without past ones and without jitter.", Ticks{})},
		},
	}
}
