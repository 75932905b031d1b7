// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	batchv1 "k8s.io/api/batch/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// lines returns the lines of a container's log, as the follower delivers them.
func lines(n int, text string) (tail []v1alpha1.LogEntry) {
	for i := range n {
		tail = append(tail, v1alpha1.LogEntry{
			Timestamp: metav1.NewMicroTime(noon.Add(time.Duration(i) * time.Millisecond)), Level: v1alpha1.LogInfo, Message: fmt.Sprintf("%s%d", text, i),
		})
	}
	return tail
}

func TestReportOfACompletedRun(t *testing.T) {
	s := given().timeout(30*time.Second).job().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	s.Execution.Generation = 4
	s.Log = LogState{Read: true, Drained: true, Attempts: 1, Lines: 2, Bytes: 20, Tail: lines(2, "line ")}
	status := Decide(s.Observation).Status

	if status.ObservedGeneration != 4 || status.Job.UID != "job-uid" || status.Task.Generation != 7 {
		t.Errorf("identities: %+v %+v %+v", status.ObservedGeneration, status.Job, status.Task)
	}
	if status.Attempts != 1 || *status.ExitCode != 0 || status.Duration != "10s" || !status.CompletionTime.Time.Equal(noon.Add(-time.Second)) {
		t.Errorf("attempts %d, exit code %d, duration %s, end %s", status.Attempts, *status.ExitCode, status.Duration, status.CompletionTime)
	}
	if got, want := messagesOf(status.Logs), "开始执行任务 (超时限制: 30000ms)|line 0|line 1|任务执行成功"; got != want {
		t.Errorf("log %s, want %s", got, want)
	}
	if last := status.Logs[3].Timestamp; last.Time.Before(status.Logs[2].Timestamp.Time) {
		t.Errorf("the last entry is older than the line before it: %s", last)
	}
	if sum := *status.LogSummary; sum != (v1alpha1.LogSummary{Entries: 2, Bytes: 20, Complete: true}) {
		t.Errorf("summary %+v", sum)
	}
	if pod := status.Pods[0]; pod.Phase != "Succeeded" || pod.Node != "node" || *pod.ExitCode != 0 || pod.FinishTime == nil {
		t.Errorf("pod %+v", pod)
	}
}

func messagesOf(entries []v1alpha1.LogEntry) string {
	var out []string
	for i := range entries {
		out = append(out, entries[i].Message)
	}
	return strings.Join(out, "|")
}

func TestConditionsFollowThePhase(t *testing.T) {
	cancelled := given().cancelled()
	for name, c := range map[string]struct {
		scene *scene
		want  string
	}{
		"pending":   {given().job(), "Reconciling=True Succeeded=Unknown"},
		"completed": {given().job().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, ""), "LogsCaptured=False Succeeded=True"},
		"failed":    {lose(given().job()), "LogsCaptured=True Stalled=True Succeeded=False"},
		"cancelled": {cancelled, "LogsCaptured=True Succeeded=False"},
	} {
		t.Run(name, func(t *testing.T) {
			conditions := Decide(c.scene.Observation).Status.Conditions
			var got []string
			for _, conditionType := range []string{v1alpha1.ConditionLogsCaptured, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled, v1alpha1.ConditionSucceeded} {
				if condition := apimeta.FindStatusCondition(conditions, conditionType); condition != nil {
					got = append(got, conditionType+"="+string(condition.Status))
					if condition.ObservedGeneration != 1 || !condition.LastTransitionTime.Time.Equal(noon) {
						t.Errorf("%+v", condition)
					}
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// Whatever is printed, the mirrored log stays within its budget and keeps its first and last entry.
func TestLogHoldsItsBudget(t *testing.T) {
	for name, c := range map[string]struct {
		entries, bytes int
		tail           []v1alpha1.LogEntry
		dropped        int64
	}{
		"few lines":              {100, 16 << 10, lines(3, "x"), 0},
		"many lines":             {100, 16 << 10, lines(100, "x"), 900},
		"long lines":             {100, 16 << 10, lines(100, strings.Repeat("x", 2000)), 0},
		"the smallest of tails":  {2, 1 << 10, lines(2, "x"), 50},
		"few bytes":              {100, 1 << 10, lines(100, strings.Repeat("同", 30)), 0},
		"a line over all budget": {100, 1 << 10, lines(1, strings.Repeat("x", 2000)), 7},
	} {
		t.Run(name, func(t *testing.T) {
			s := given().task(func(spec *v1alpha1.TaskSpec) { spec.Logs.MaxEntries = int32(c.entries) }).
				job().pod(exited(1)).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
			s.Job.Annotations[v1alpha1.AnnotationLimits] = fmt.Sprintf(`{"container":"main","maxEntries":%d,"maxBytes":%d}`, c.entries, c.bytes)
			total := int64(len(c.tail)) + c.dropped
			s.Log = LogState{Read: true, Drained: true, Attempts: 1, Lines: total, Tail: c.tail, Dropped: c.dropped}
			status := Decide(s.Observation).Status
			raw, err := json.Marshal(status.Logs)
			if err != nil {
				t.Fatal(err)
			}
			if len(status.Logs) > c.entries || len(raw) > c.bytes+2 {
				t.Errorf("%d entries of %d bytes in a budget of %d and %d", len(status.Logs), len(raw), c.entries, c.bytes)
			}
			first, last := status.Logs[0].Message, status.Logs[len(status.Logs)-1].Message
			if !strings.HasPrefix(first, "开始执行任务") || !strings.HasPrefix(last, "任务执行失败: ") {
				t.Errorf("first %q, last %q", first, last)
			}
			kept := int64(strings.Count(messagesOf(status.Logs), "|") - 1)
			if status.LogSummary.DroppedEntries > 0 && c.entries > 2 {
				kept-- // the marker
				if !strings.Contains(messagesOf(status.Logs), fmt.Sprintf("此前的 %d 条日志未保留", status.LogSummary.DroppedEntries)) {
					t.Errorf("no marker for %d: %s", status.LogSummary.DroppedEntries, messagesOf(status.Logs[:2]))
				}
			}
			if kept+status.LogSummary.DroppedEntries != total {
				t.Errorf("%d kept and %d dropped of %d", kept, status.LogSummary.DroppedEntries, total)
			}
		})
	}
}

// After a restart the log is read again. The new tail is not shown until it has caught up.
func TestLogDoesNotGoBackwards(t *testing.T) {
	s := given().job().pod(runningFor(time.Minute)).phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	s.Execution.Status.LogSummary = &v1alpha1.LogSummary{Entries: 10}
	s.Log = LogState{Lines: 4, Tail: lines(4, "x"), Due: true}
	if status := Decide(s.Observation).Status; status.Logs != nil || status.LogSummary.Entries != 10 {
		t.Errorf("shown: %s, %+v", messagesOf(status.Logs), status.LogSummary)
	}
	s.Log = LogState{Lines: 10, Tail: lines(10, "x"), Due: true}
	if status := Decide(s.Observation).Status; len(status.Logs) != 11 {
		t.Errorf("not shown: %s", messagesOf(status.Logs))
	}
}

// If the pods are gone after a restart, the mirrored log stays and is marked as having a gap.
func TestMirroredLogOutlivesThePods(t *testing.T) {
	s := lose(given().job()).phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	s.Execution.Status.StartTime = &metav1.Time{Time: noon.Add(-time.Minute)}
	s.Execution.Status.Attempts = 1
	s.Execution.Status.LogSummary = &v1alpha1.LogSummary{Entries: 2, Bytes: 9}
	s.Mirrored = append([]v1alpha1.LogEntry{{Message: "开始执行任务 (无超时限制)"}}, lines(2, "x")...)
	status := Decide(s.Observation).Status
	if got := messagesOf(status.Logs); !strings.Contains(got, "x0|x1") || !strings.Contains(got, "任务执行失败") {
		t.Errorf("log %s", got)
	}
	if sum := status.LogSummary; sum.Complete || sum.Reason != v1alpha1.ReasonLogsPodGone || sum.Entries != 2 {
		t.Errorf("summary %+v", sum)
	}
}

func TestMessagesAreBounded(t *testing.T) {
	s := given()
	s.Start = StartResult{StartInvalid, strings.Repeat("同", 5000)}
	status := Decide(s.Observation).Status
	if len(status.Message) > maxMessage || !utf8.ValidString(status.Message) {
		t.Errorf("%d bytes", len(status.Message))
	}
	for _, c := range status.Conditions {
		if len(c.Message) > maxConditionMessage {
			t.Errorf("condition %s: %d bytes", c.Type, len(c.Message))
		}
	}
}

func TestOldPodsMakeRoom(t *testing.T) {
	s := given().job()
	for range 15 {
		s.pod(exited(1))
	}
	s.counted(0, 15)
	status := Decide(s.Observation).Status
	if len(status.Pods) != maxPods || status.Pods[9].Name != "run-o" || status.Attempts != 15 {
		t.Errorf("%d pods, the newest %s, %d attempts", len(status.Pods), status.Pods[len(status.Pods)-1].Name, status.Attempts)
	}
}

func TestEnglish(t *testing.T) {
	s := given().timeout(time.Second).job().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	s.Options.Language = English
	if got := messagesOf(Decide(s.Observation).Status.Logs); got != "task started (timeout: 1000ms)|task completed" {
		t.Errorf("got %s", got)
	}
}
