// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/wire"
)

func TestStatusOf(t *testing.T) {
	for _, c := range []struct {
		phase           v1alpha1.Phase
		plain, withStop string
	}{
		{"", "running", "cancelled"},
		{v1alpha1.PhasePending, "running", "cancelled"},
		{v1alpha1.PhaseRunning, "running", "cancelled"},
		{"Queued", "running", "cancelled"}, // from a newer controller
		{v1alpha1.PhaseCancelling, "cancelled", "cancelled"},
		{v1alpha1.PhaseCompleted, "completed", "completed"},
		{v1alpha1.PhaseFailed, "failed", "failed"},
		{v1alpha1.PhaseCancelled, "cancelled", "cancelled"},
	} {
		e := fixture.Execution("x", "sync", c.phase)
		if got := wire.StatusOf(e); got != c.plain {
			t.Errorf("phase %q reads %q, want %q", c.phase, got, c.plain)
		}
		e.Spec.Cancel = &v1alpha1.CancelRequest{}
		if got := wire.StatusOf(e); got != c.withStop {
			t.Errorf("phase %q with a cancel reads %q, want %q", c.phase, got, c.withStop)
		}
	}
}

// finished returns an execution with every field set.
func finished() *v1alpha1.TaskExecution {
	begin := time.Date(2025, 11, 25, 19, 5, 0, 0, time.FixedZone("CST", 8*3600))
	e := fixture.Execution("550e8400-e29b-41d4-a716-446655440000", "user-space-sync", v1alpha1.PhaseFailed, 5)
	e.Spec.Params = fixture.JSON(`{"mid":12345678901234567}`)
	e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerSchedule, Name: "nightly", User: "alice"}
	e.Status = v1alpha1.TaskExecutionStatus{
		Origin: v1alpha1.OriginProven, Phase: v1alpha1.PhaseFailed, Reason: v1alpha1.ReasonNonZeroExit, Message: "exit code 3",
		StartTime: &metav1.Time{Time: begin}, CompletionTime: &metav1.Time{Time: begin.Add(62 * time.Second)},
		Attempts: 2, ExitCode: ptr.To[int32](3),
		Logs: []v1alpha1.LogEntry{
			{Timestamp: metav1.NewMicroTime(begin), Level: v1alpha1.LogInfo, Message: "开始执行任务 (超时限制: 30000ms)"},
			{Timestamp: metav1.NewMicroTime(begin.Add(1500 * time.Millisecond)), Level: v1alpha1.LogError, Message: "oh", Data: fixture.JSON(`{"n":1.0}`)},
		},
		LogSummary: &v1alpha1.LogSummary{Entries: 9, Bytes: 90, DroppedEntries: 7, Reason: "PodGone"},
	}
	return e
}

func TestExecutionOf(t *testing.T) {
	now := time.Date(2025, 11, 25, 11, 5, 30, 500e6, time.UTC)
	for name, c := range map[string]struct {
		execution *v1alpha1.TaskExecution
		want      string
	}{
		"with a result": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseCompleted)
			e.Status.Result, e.Status.ResultTruncated = fixture.JSON(`[1,"a"]`), true
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"completed","startedAt":"2025-11-25T11:05:00Z","logs":[],"phase":"Completed",
			"trigger":{"source":"manual"},"attempts":0,"result":[1,"a"],"resultTruncated":true}`},
		"of several pods": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseFailed)
			e.Status.Completions, e.Status.Disruptions = &v1alpha1.Completions{Wanted: 3, Succeeded: 1, FailedIndexes: "1"}, 1
			e.Status.ExitCode = ptr.To[int32](7)
			e.Status.Pods = []v1alpha1.PodMirror{{Name: "a", Index: ptr.To[int32](1), Deciding: true, Phase: "Failed", ExitCode: ptr.To[int32](7)}, {Name: "b", Index: ptr.To[int32](0), Phase: "Unknown"}}
			e.Status.Logs = []v1alpha1.LogEntry{{Timestamp: metav1.NewMicroTime(now), Level: v1alpha1.LogInfo, Message: "m", Index: ptr.To[int32](0)}}
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"failed","startedAt":"2025-11-25T11:05:00Z",
			"logs":[{"timestamp":"2025-11-25T11:05:30.5Z","level":"info","message":"m","index":0}],"phase":"Failed","exitCode":7,"trigger":{"source":"manual"},"attempts":0,
			"disruptions":1,"completions":{"wanted":3,"succeeded":1,"failedIndexes":"1"},"index":1,
			"pods":[{"name":"a","index":1,"phase":"Failed","deciding":true,"exitCode":7},{"name":"b","index":0,"phase":"Unknown"}]}`},
		"not seen by the controller": {fixture.Execution("x", "sync", ""), `{"executionId":"x","taskName":"sync","status":"running",
			"startedAt":"2025-11-25T11:05:00Z","logs":[],"phase":"Pending","trigger":{"source":"manual"},"attempts":0}`},
		"running": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseRunning, 9)
			e.Status.StartTime = ptr.To(metav1.NewTime(now.Add(-1500 * time.Millisecond)))
			e.Status.Attempts = 1
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"running","startedAt":"2025-11-25T11:05:29Z","logs":[],
			"phase":"Running","duration":1500,"trigger":{"source":"manual"},"attempts":1}`},
		"a clock that is behind": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseRunning)
			e.Status.StartTime = ptr.To(metav1.NewTime(now.Add(time.Minute)))
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"running","startedAt":"2025-11-25T11:06:30.5Z","logs":[],
			"phase":"Running","duration":0,"trigger":{"source":"manual"},"attempts":0}`},
		"ended before it started": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseCancelled)
			e.Status.CompletionTime = ptr.To(metav1.NewTime(now))
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"cancelled","startedAt":"2025-11-25T11:05:00Z","logs":[],
			"phase":"Cancelled","finishedAt":"2025-11-25T11:05:30.5Z","trigger":{"source":"manual"},"attempts":0}`},
		"cancelled, with its receipt": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseCancelled)
			e.Status.CompletionTime = ptr.To(metav1.NewTime(now))
			e.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "ann", Reason: "enough"}
			e.Status.Cancellation = &v1alpha1.Cancellation{
				RequestedBy: "ann", Reason: "enough", AcknowledgedTime: metav1.NewTime(now.Add(-time.Second)),
				CompletionTime: e.Status.CompletionTime, Outcome: v1alpha1.CancellationForced,
			}
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"cancelled","startedAt":"2025-11-25T11:05:00Z","logs":[],
			"phase":"Cancelled","finishedAt":"2025-11-25T11:05:30.5Z","trigger":{"source":"manual"},"attempts":0,
			"cancellation":{"requestedBy":"ann","reason":"enough","acknowledgedAt":"2025-11-25T11:05:29.5Z",
			"endedAt":"2025-11-25T11:05:30.5Z","outcome":"forced"}}`},
		"a cancel after the end": {func() *v1alpha1.TaskExecution {
			e := fixture.Execution("x", "sync", v1alpha1.PhaseCompleted)
			e.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "ann"}
			return e
		}(), `{"executionId":"x","taskName":"sync","status":"completed","startedAt":"2025-11-25T11:05:00Z","logs":[],
			"phase":"Completed","trigger":{"source":"manual"},"attempts":0}`},
		"all there is": {finished(), `{"executionId":"550e8400-e29b-41d4-a716-446655440000","taskName":"user-space-sync",
			"status":"failed","startedAt":"2025-11-25T11:05:00Z","logs":[
			{"timestamp":"2025-11-25T11:05:00Z","level":"info","message":"开始执行任务 (超时限制: 30000ms)"},
			{"timestamp":"2025-11-25T11:05:01.5Z","level":"error","message":"oh","data":{"n":1.0}}],
			"phase":"Failed","finishedAt":"2025-11-25T11:06:02Z","duration":62000,"exitCode":3,"reason":"NonZeroExit",
			"message":"exit code 3","params":{"mid":12345678901234567},"trigger":{"source":"schedule","name":"nightly","user":"alice"},
			"attempts":2,"logSummary":{"entries":9,"bytes":90,"droppedEntries":7,"complete":false,"reason":"PodGone"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			compareJSON(t, wire.ExecutionOf(c.execution, now), c.want)
		})
	}
}

func TestTaskOf(t *testing.T) {
	with := func(status metav1.ConditionStatus) *v1alpha1.Task {
		task := fixture.Task("sync", `{"type":"object"}`)
		task.Spec.Description, task.Spec.Retries, task.Spec.Timeout = "同步", 2, &metav1.Duration{Duration: 30 * time.Second}
		apimeta.SetStatusCondition(&task.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: status, Reason: "Why", Message: "so"})
		return task
	}
	for name, c := range map[string]struct {
		task *v1alpha1.Task
		want string
	}{
		"ready":      {with(metav1.ConditionTrue), `{"name":"sync","description":"同步","parameters":{"type":"object"},"timeout":30000,"retries":2,"ready":true}`},
		"not ready":  {with(metav1.ConditionFalse), `{"name":"sync","description":"同步","parameters":{"type":"object"},"timeout":30000,"retries":2,"ready":false,"reason":"Why","message":"so"}`},
		"not judged": {fixture.Task("a"), `{"name":"a","retries":0,"ready":false,"reason":"NotJudged","message":"the controller has not checked this task yet"}`},
	} {
		t.Run(name, func(t *testing.T) { compareJSON(t, wire.TaskOf(c.task), c.want) })
	}
}

// compareJSON compares JSON byte by byte, except for whitespace.
func compareJSON(t *testing.T, got any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(want)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(compact.String(), string(raw)); diff != "" {
		t.Error(diff)
	}
}

// Each outcome of a resource has a word in REST.
func TestOutcomes(t *testing.T) {
	for _, outcome := range []v1alpha1.CancellationOutcome{
		v1alpha1.CancellationNotStarted, v1alpha1.CancellationGraceful, v1alpha1.CancellationForced,
		v1alpha1.CancellationUnconfirmed, v1alpha1.CancellationAlreadyEnded,
	} {
		if got := wire.Outcomes[outcome]; !strings.EqualFold(got, string(outcome)) {
			t.Errorf("%s reads %q", outcome, got)
		}
	}
}
