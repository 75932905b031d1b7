// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Scenario 1 of the quick reference: execute, read the id as response.data.executionId, poll.
func TestExecuteAndPoll(t *testing.T) {
	t.Parallel()
	task := taskOf(`echo hello; echo oops >&2`)
	task.Spec.Timeout = timeout(30 * time.Second)
	name := given(t, task)

	for _, source := range []string{"manual", "api"} {
		t.Run(source, func(t *testing.T) {
			answer := ask[struct {
				execution
				Data execution `json:"data"`
			}](t, "POST", "/tasks/"+name+"/execute/"+source, map[string]any{"params": params{}})
			if answer.Status != "running" || answer.TaskName != name || answer.Data.ExecutionID != answer.ExecutionID || answer.Logs == nil {
				t.Fatalf("the answer to execute is not as documented: %+v", answer)
			}
			e := polled(t, answer.Data.ExecutionID)
			if e.Status != "completed" || e.ExitCode == nil || *e.ExitCode != 0 || e.Attempts != 1 {
				t.Errorf("want completed with exit code 0 at the first attempt, got %s", text(e))
			}
			got := messages(e.Logs)
			if want := "开始执行任务 (超时限制: 30000ms)\n"; !strings.HasPrefix(got, want) {
				t.Errorf("the log does not begin with %q:\n%s", want, got)
			}
			if want := "任务执行成功\n"; !strings.HasSuffix(got, want) {
				t.Errorf("the log does not end with %q:\n%s", want, got)
			}
			for _, want := range []string{"hello", "oops"} {
				if strings.Count(got, want+"\n") != 1 {
					t.Errorf("want %q once in the log:\n%s", want, got)
				}
			}
			if e.LogSummary == nil || !e.LogSummary.Complete || e.LogSummary.Entries != 2 {
				t.Errorf("want a whole log of 2 lines, got %s", text(e.LogSummary))
			}
			if got := string(resource(t, e.ExecutionID).Spec.Trigger.Source); got != source {
				t.Errorf("trigger %q, want %q", got, source)
			}
		})
	}
}

// Scenario 2: list a task's executions, cancel them by their ids.
func TestListAndCancelByIDs(t *testing.T) {
	t.Parallel()
	name := given(t, patientTaskOf(`trap 'echo stopping; exit 143' TERM; echo begun; sleep 300 & wait`))
	for range 2 {
		printed(t, execute(t, name, nil), "begun")
	}
	list := ask[[]execution](t, "GET", "/tasks/running/"+name, nil)
	if len(list) != 2 || list[0].StartedAt.Before(list[1].StartedAt) {
		t.Fatalf("want two executions, newest first, got %s", text(list))
	}
	ids := []string{list[0].ExecutionID, list[1].ExecutionID}
	uids := []string{string(resource(t, ids[0]).UID), string(resource(t, ids[1]).UID)}

	answer := ask[struct{ Cancelled, NotFound, AlreadyFinished []string }](t, "DELETE", "/tasks/executions/cancel/by-ids",
		map[string]any{"executionIds": append(slices.Clone(ids), "no-such-id", ids[0])})
	if !slices.Equal(answer.Cancelled, ids) || !slices.Equal(answer.NotFound, []string{"no-such-id"}) || len(answer.AlreadyFinished) != 0 {
		t.Fatalf("got %+v", answer)
	}
	for i, id := range ids {
		if e := status(t, id); e.Status != "cancelled" {
			t.Errorf("right after its cancel, execution %s reads %s", id, text(e))
		}
		eventually(t, "execution "+id+" is Cancelled", func() (bool, string) {
			e := status(t, id)
			return e.Phase == "Cancelled", text(e)
		})
		leavesNothing(t, uids[i])
		e := polled(t, id)
		got := messages(e.Logs)
		for _, want := range []string{"begun\n", "stopping\n", "任务已取消\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("with its pod gone, the log lacks %q:\n%s", want, got)
			}
		}
		if e.Reason != "Cancelled" || e.ExitCode == nil || *e.ExitCode != 143 || !e.LogSummary.Complete {
			t.Errorf("got %s", text(e))
		}
	}
	again := ask[struct{ Cancelled, AlreadyFinished []string }](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": ids})
	if len(again.Cancelled) != 0 || !slices.Equal(again.AlreadyFinished, ids) {
		t.Errorf("cancelled again after the end: %+v", again)
	}
}

// Scenario 3: read the log, with its levels and data.
func TestReadStructuredLog(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo '{"level":"warn","msg":"disk is filling","used":0.93,"path":"/data"}'
echo 'level=error msg="upload failed" attempt=3'
echo 'ERROR: plain trouble'
echo just text`))
	e := polled(t, execute(t, name, nil))
	want := []struct{ level, message, key string }{
		{"info", "开始执行任务 (无超时限制)", ""},
		{"warn", "disk is filling", "used"},
		{"error", "upload failed", "attempt"},
		{"error", "ERROR: plain trouble", ""},
		{"info", "just text", ""},
		{"info", "任务执行成功", ""},
	}
	if len(e.Logs) != len(want) {
		t.Fatalf("want %d entries, got %s", len(want), text(e.Logs))
	}
	for i, w := range want {
		got := e.Logs[i]
		if got.Level != w.level || got.Message != w.message {
			t.Errorf("entry %d: got [%s] %s, want [%s] %s", i, got.Level, got.Message, w.level, w.message)
		}
		if _, ok := got.Data[w.key]; w.key != "" && !ok {
			t.Errorf("entry %d: data %v lacks %q", i, got.Data, w.key)
		}
		if i > 0 && got.Timestamp.Before(e.Logs[i-1].Timestamp) {
			t.Errorf("entry %d is older than the one before it", i)
		}
	}
}

func TestCancelByTaskNames(t *testing.T) {
	t.Parallel()
	sleeper, other := given(t, taskOf(`echo begun; exec sleep 300`)), given(t, taskOf(`echo begun; exec sleep 300`))
	id, kept := execute(t, sleeper, nil), execute(t, other, nil)
	printed(t, id, "begun")
	printed(t, kept, "begun")
	answer := ask[struct{ Cancelled, TaskNotFound []string }](t, "DELETE", "/tasks/executions/cancel/by-task-names",
		map[string]any{"taskNames": []string{sleeper, "no-such-task"}})
	if !slices.Equal(answer.Cancelled, []string{id}) || !slices.Equal(answer.TaskNotFound, []string{"no-such-task"}) {
		t.Fatalf("got %+v", answer)
	}
	eventually(t, "the run is Cancelled", func() (bool, string) { e := status(t, id); return e.Phase == "Cancelled", text(e) })
	leavesNothing(t, string(resource(t, id).UID))
	if e := status(t, kept); e.Status != "running" {
		t.Errorf("the other task's run is %s", text(e))
	}
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{kept}})
}

func TestFailingTask(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`printf 'about to fail, without a newline'; exit 3`))
	e := polled(t, execute(t, name, nil))
	if e.Status != "failed" || e.Reason != "NonZeroExit" || e.ExitCode == nil || *e.ExitCode != 3 {
		t.Errorf("want failed with exit code 3, got %s", text(e))
	}
	got := messages(e.Logs)
	if !strings.Contains(got, "about to fail, without a newline\n") || !strings.Contains(got, "任务执行失败: ") {
		t.Errorf("the log says too little:\n%s", got)
	}
}

func TestTimedOutTask(t *testing.T) {
	t.Parallel()
	task := patientTaskOf(`trap 'echo told to stop; exit 9' TERM; echo begun; sleep 300 & wait`)
	task.Spec.Timeout = timeout(10 * time.Second)
	task.Spec.Retries = 2 // a timeout is for the whole run, so that no attempt follows
	name := given(t, task)
	id := execute(t, name, nil)
	e := polled(t, id)
	if e.Status != "failed" || e.Reason != "DeadlineExceeded" || e.Attempts != 1 {
		t.Errorf("want failed for its deadline at the first attempt, got %s", text(e))
	}
	got := messages(e.Logs)
	for _, want := range []string{"开始执行任务 (超时限制: 10000ms)\n", "begun\n", "told to stop\n", "任务执行失败: "} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q:\n%s", want, got)
		}
	}
	leavesNothing(t, string(resource(t, id).UID))
}
