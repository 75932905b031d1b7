package runs

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

func cancelOperations() openapi.Operations {
	return openapi.Operations{
		"DELETE /tasks/executions/cancel/by-ids": {
			ID: "cancelExecutions", Tag: openapi.TagCancel, Summary: "Cancel runs by their ids.",
			Body: CancelByIDsRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{openapi.OK("What became of each.", CancelByIDsResponse{}), partly()},
		},
		"DELETE /tasks/executions/cancel/by-task-names": {
			ID: "cancelExecutionsOfTasks", Tag: openapi.TagCancel, Summary: "Cancel all runs of tasks.",
			Body: cancelByTaskNamesRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{openapi.OK("The runs that end because of it.", cancelByTaskNamesResponse{}), partly()},
		},
		"DELETE /tasks/executions/cancel/all": {
			ID: "cancelAllExecutions", Tag: openapi.TagCancel, Summary: "Cancel all runs of the namespace.",
			Parameters: []openapi.Parameter{
				openapi.Query("dryRun", "Only count them.", openapi.Flag()),
				openapi.Query("reason", "Why, kept in the receipts.", openapi.Text("maxLength", MaxReason)),
			},
			Body:    cancelAllRequest{},
			Answers: []openapi.Answer{openapi.OK("How many it cancelled.", CancelAllResponse{}), partly()},
		},
	}
}

// partly is what a bulk cancel answers of which something failed.
func partly() openapi.Answer {
	return openapi.Problem(http.StatusConflict, "Some could not be cancelled, because others changed them at the same time; cancelled and failed name them. Repeat the request.")
}
