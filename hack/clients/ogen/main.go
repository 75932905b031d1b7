// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command ogen calls the API at a URL with the client that ogen generates from the API's description.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-faster/jx"

	"github.com/taskexec/taskexec/hack/clients/ogen/api"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	err := run(ctx, os.Args[1])
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ogen:", err)
		os.Exit(1)
	}
	fmt.Println("driven")
}

// token provides the token of each request.
type token struct{}

// Bearer returns the token.
func (token) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{Token: "any"}, nil
}

// run makes each call and stops at the first wrong answer.
func run(ctx context.Context, url string) error {
	client, err := api.NewClient(url, token{})
	if err != nil {
		return err
	}
	id, err := execute(ctx, client)
	if err != nil {
		return err
	}
	for name, step := range map[string]func(context.Context, *api.Client, string) error{
		"dry run": dryRun, "refusal": refused, "read": read, "log": log, "schedule": schedule,
	} {
		if err := step(ctx, client, id); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	answer, err := client.CancelExecutions(ctx, &api.CancelByIDsRequest{ExecutionIds: []string{id, "nothing"}})
	if err != nil {
		return err
	}
	got, is := answer.(*api.CancelByIDsResponseHeaders)
	if !is || len(got.Response.Cancelled) != 1 || got.Response.Cancelled[0] != id || len(got.Response.NotFound) != 1 {
		return fmt.Errorf("cancel: %+v", answer)
	}
	return nil
}

func body(mid string) api.OptExecuteRequest {
	return api.NewOptExecuteRequest(api.ExecuteRequest{
		Params: api.NewOptNilExecuteRequestParams(api.ExecuteRequestParams{"mid": jx.Raw(mid)}),
	})
}

func execute(ctx context.Context, client *api.Client) (id string, err error) {
	answer, err := client.ExecuteTask(ctx, body("12345"), api.ExecuteTaskParams{TaskName: "sync"})
	if err != nil {
		return "", err
	}
	got, is := answer.(*api.SubmissionHeaders)
	if !is || !got.Response.IsStarted() {
		return "", fmt.Errorf("execute: %+v", answer)
	}
	started := got.Response.Started
	if started.Logs == nil || started.Data.ExecutionId != started.ExecutionId || started.Status != api.StartedStatusRunning {
		return "", fmt.Errorf("execute: %+v", started)
	}
	return started.ExecutionId, nil
}

func dryRun(ctx context.Context, client *api.Client, _ string) error {
	answer, err := client.ExecuteTask(ctx, body("12345"), api.ExecuteTaskParams{TaskName: "sync", DryRun: api.NewOptBool(true)})
	if err != nil {
		return err
	}
	got, is := answer.(*api.SubmissionHeaders)
	if !is || !got.Response.IsRehearsal() {
		return fmt.Errorf("%+v", answer)
	}
	if r := got.Response.Rehearsal; r.Outcome != api.RehearsalOutcomeStart || string(r.Job.Value["kind"]) != `"Job"` {
		return fmt.Errorf("%+v", r)
	}
	return nil
}

func refused(ctx context.Context, client *api.Client, _ string) error {
	answer, err := client.ExecuteTask(ctx, body(`"x"`), api.ExecuteTaskParams{TaskName: "sync"})
	if err != nil {
		return err
	}
	got, is := answer.(*api.ExecuteTaskBadRequest)
	if !is || len(got.Response.Errors) != 1 || got.Response.Errors[0].Pointer != "/params/mid" {
		return fmt.Errorf("%+v", answer)
	}
	return nil
}

func read(ctx context.Context, client *api.Client, id string) error {
	one, err := client.GetRunningExecution(ctx, api.GetRunningExecutionParams{ExecutionId: id})
	if err != nil {
		return err
	}
	if got, is := one.(*api.ExecutionHeaders); !is || got.Response.Status != api.ExecutionStatusRunning || got.Response.Logs == nil {
		return fmt.Errorf("%+v", one)
	}
	page, err := client.ListExecutions(ctx, api.ListExecutionsParams{
		Status: []api.ListExecutionsStatusItem{api.ListExecutionsStatusItemRunning, api.ListExecutionsStatusItemFailed},
	})
	if err != nil {
		return err
	}
	if got, is := page.(*api.HistoryHeaders); !is || len(got.Response.Executions) == 0 || got.Response.Executions[0].Logs != nil {
		return fmt.Errorf("%+v", page)
	}
	return nil
}

func log(ctx context.Context, client *api.Client, id string) error {
	answer, err := client.GetExecutionLogs(ctx, api.GetExecutionLogsParams{ExecutionId: id})
	if err != nil {
		return err
	}
	if got, is := answer.(*api.LogPageHeaders); !is || got.Response.Entries == nil {
		return fmt.Errorf("%+v", answer)
	}
	return nil
}

func schedule(ctx context.Context, client *api.Client, _ string) error {
	const name = "monthly-ogen"
	made, err := client.CreateSchedule(ctx, &api.ScheduleRequest{
		Name: api.NewOptNilString(name), TaskName: "sync", Schedule: "0 0 LW * ?",
		Params: api.NewOptNilScheduleRequestParams(api.ScheduleRequestParams{"mid": jx.Raw("1")}),
	})
	if err != nil {
		return err
	}
	if _, is := made.(*api.ScheduleHeaders); !is {
		return fmt.Errorf("%+v", made)
	}
	now, err := client.RunSchedule(ctx, &api.RunScheduleRequest{}, api.RunScheduleParams{Name: name})
	if err != nil {
		return err
	}
	got, is := now.(*api.SubmissionHeaders)
	if !is || got.Response.Started.Trigger.Name.Value != name {
		return fmt.Errorf("%+v", now)
	}
	return nil
}
