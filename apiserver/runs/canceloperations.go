// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"

	"github.com/taskexec/taskexec/apiserver/openapi"
)

func cancelOperations() openapi.Operations {
	return openapi.Operations{
		"DELETE /tasks/executions/cancel/by-ids": {
			ID: "cancelExecutions", Tag: openapi.TagCancel, Summary: "Cancel runs by id.",
			Body: CancelByIDsRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{openapi.OK("The outcome for each run.", CancelByIDsResponse{}), partly()},
		},
		"DELETE /tasks/executions/cancel/by-task-names": {
			ID: "cancelExecutionsOfTasks", Tag: openapi.TagCancel, Summary: "Cancel all runs of tasks.",
			Body: cancelByTaskNamesRequest{}, BodyRequired: true,
			Answers: []openapi.Answer{openapi.OK("The cancelled runs.", cancelByTaskNamesResponse{}), partly()},
		},
		"DELETE /tasks/executions/cancel/by-filter": cancelByFilter(),
		"DELETE /tasks/executions/cancel/all": {
			ID: "cancelAllExecutions", Tag: openapi.TagCancel, Summary: "Cancel all runs of the namespace, or those with labels or params.",
			Parameters: []openapi.Parameter{
				labelled, withParam,
				openapi.Query("dryRun", "Count the runs without cancelling them.", openapi.Flag()),
				openapi.Query("reason", "The reason for people, kept in the receipts.", openapi.Text("maxLength", MaxReason)),
			},
			Body:    cancelAllRequest{},
			Answers: []openapi.Answer{openapi.OK("How many runs were cancelled.", CancelAllResponse{}), partly()},
		},
	}
}

// partly is the answer of a bulk cancel that failed for some executions.
func partly() openapi.Answer {
	return openapi.Problem(http.StatusConflict, "Some runs could not be cancelled, because they were changed at the same time. The fields cancelled and failed list the runs. Repeat the request.")
}
