// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command oapicodegen calls the API at a URL with the client that oapi-codegen generates from the API's description.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/taskexec/taskexec/hack/clients/oapicodegen/api"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	err := run(ctx, os.Args[1])
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "oapi-codegen:", err)
		os.Exit(1)
	}
	fmt.Println("driven")
}

// run makes each call and stops at the first wrong answer.
func run(ctx context.Context, url string) error {
	client, err := api.NewClientWithResponses(url)
	if err != nil {
		return err
	}
	id, err := execute(ctx, client)
	if err != nil {
		return err
	}
	for name, step := range map[string]func(context.Context, *api.ClientWithResponses, string) error{
		"dry run": dryRun, "refusal": refused, "read": read, "schedule": schedule,
	} {
		if err := step(ctx, client, id); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	answer, err := client.CancelExecutionsWithResponse(ctx, api.CancelByIDsRequest{ExecutionIds: []string{id, "nothing"}})
	if err != nil {
		return err
	}
	if got := answer.JSON200; got == nil || len(got.Cancelled) != 1 || got.Cancelled[0] != id || len(got.NotFound) != 1 {
		return fmt.Errorf("cancel: %s", answer.Body)
	}
	return nil
}

func body(mid any) api.ExecuteRequest {
	return api.ExecuteRequest{Params: &map[string]any{"mid": mid}}
}

func execute(ctx context.Context, client *api.ClientWithResponses) (id string, err error) {
	answer, err := client.ExecuteTaskWithResponse(ctx, "sync", nil, body(12345))
	if err != nil {
		return "", err
	}
	if answer.JSON200 == nil {
		return "", fmt.Errorf("execute: %s", answer.Body)
	}
	value, err := answer.JSON200.ValueByDiscriminator()
	if err != nil {
		return "", err
	}
	started, isStarted := value.(api.Started)
	if !isStarted || started.Logs == nil || started.Data.ExecutionId != started.ExecutionId || started.Status != api.StartedStatusRunning {
		return "", fmt.Errorf("execute: %+v", value)
	}
	return started.ExecutionId, nil
}

func dryRun(ctx context.Context, client *api.ClientWithResponses, _ string) error {
	yes := true
	answer, err := client.ExecuteTaskWithResponse(ctx, "sync", &api.ExecuteTaskParams{DryRun: &yes}, body(12345))
	if err != nil {
		return err
	}
	if answer.JSON200 == nil {
		return errors.New(string(answer.Body))
	}
	value, err := answer.JSON200.ValueByDiscriminator()
	if err != nil {
		return err
	}
	rehearsal, isRehearsal := value.(api.Rehearsal)
	if !isRehearsal || rehearsal.Outcome != api.RehearsalOutcomeStart || rehearsal.Job == nil || (*rehearsal.Job)["kind"] != "Job" {
		return fmt.Errorf("%+v", value)
	}
	return nil
}

func refused(ctx context.Context, client *api.ClientWithResponses, _ string) error {
	answer, err := client.ExecuteTaskWithResponse(ctx, "sync", nil, body("x"))
	if err != nil {
		return err
	}
	problem := answer.ApplicationproblemJSON400
	if problem == nil || problem.Errors == nil || (*problem.Errors)[0].Pointer != "/params/mid" {
		return errors.New(string(answer.Body))
	}
	return nil
}

func read(ctx context.Context, client *api.ClientWithResponses, id string) error {
	one, err := client.GetRunningExecutionWithResponse(ctx, id, nil)
	if err != nil {
		return err
	}
	if one.JSON200 == nil || one.JSON200.Status != api.ExecutionStatusRunning || one.JSON200.Logs == nil {
		return errors.New(string(one.Body))
	}
	page, err := client.ListExecutionsWithResponse(ctx, &api.ListExecutionsParams{
		Status: &[]api.ListExecutionsParamsStatus{api.ListExecutionsParamsStatusRunning, api.ListExecutionsParamsStatusFailed},
	})
	if err != nil {
		return err
	}
	if page.JSON200 == nil || len(page.JSON200.Executions) == 0 || page.JSON200.Executions[0].Logs != nil {
		return errors.New(string(page.Body))
	}
	log, err := client.GetExecutionLogsWithResponse(ctx, id, nil)
	if err != nil {
		return err
	}
	if log.JSON200 == nil || log.JSON200.Entries == nil {
		return errors.New(string(log.Body))
	}
	return nil
}

func schedule(ctx context.Context, client *api.ClientWithResponses, _ string) error {
	name := "monthly-oapi-codegen"
	made, err := client.CreateScheduleWithResponse(ctx, api.ScheduleRequest{
		Name: &name, TaskName: "sync", Schedule: "0 0 LW * ?", Params: &map[string]any{"mid": 1},
	})
	if err != nil {
		return err
	}
	if made.JSON201 == nil {
		return errors.New(string(made.Body))
	}
	now, err := client.RunScheduleWithResponse(ctx, name, nil, api.RunScheduleRequest{})
	if err != nil {
		return err
	}
	if now.JSON200 == nil {
		return errors.New(string(now.Body))
	}
	started, err := now.JSON200.AsStarted()
	if err != nil || started.Trigger.Name == nil || *started.Trigger.Name != name {
		return fmt.Errorf("%w: %s", err, now.Body)
	}
	return nil
}
