package schedules

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

func Operations() openapi.Operations {
	noSchedule := openapi.Problem(http.StatusNotFound, "There is no such schedule.")
	changed := openapi.Problem(http.StatusConflict, "It was changed by others at the same time, or since the generation in the body.")
	one := openapi.OK("The schedule as it is now.", Schedule{})
	return openapi.Operations{
		"GET /triggers/cron": {
			ID: "listSchedules", Tag: openapi.TagSchedules, Summary: "All schedules.",
			Answers: []openapi.Answer{openapi.OK("The schedules.", []Schedule{})},
		},
		"POST /triggers/cron": {
			ID: "createSchedule", Tag: openapi.TagSchedules, Summary: "Make a schedule.",
			Body: scheduleRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{
				{Status: http.StatusCreated, Description: "The schedule that was made.", Body: Schedule{}, Headers: map[string]string{"Location": "Where it is."}},
				openapi.Problem(http.StatusConflict, "There is one of this name, or its task cannot be run."),
			},
		},
		"GET /triggers/cron/{name}": {
			ID: "getSchedule", Tag: openapi.TagSchedules, Summary: "One schedule.",
			Answers: []openapi.Answer{one, noSchedule},
		},
		"PUT /triggers/cron/{name}": {
			ID: "replaceSchedule", Tag: openapi.TagSchedules, Summary: "Put all of a schedule anew.",
			Details: "With generation in the body it changes only what its client has seen. What was read can be sent back.",
			Body:    scheduleRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{one, noSchedule, changed},
		},
		"DELETE /triggers/cron/{name}": {
			ID: "deleteSchedule", Tag: openapi.TagSchedules, Summary: "Remove a schedule. The runs that it made stay.",
			Answers: []openapi.Answer{{Status: http.StatusNoContent, Description: "It is removed."}, noSchedule, changed},
		},
		"POST /triggers/cron/{name}/toggle": {
			ID: "toggleSchedule", Tag: openapi.TagSchedules, Summary: "Switch a schedule on or off; without a body the other way.",
			Body:    toggleRequest{},
			Answers: []openapi.Answer{one, noSchedule, changed},
		},
	}
}
