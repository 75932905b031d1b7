// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// TestModel found these cases: a run has ended, and more about it becomes known.

// endedAs ends the run one second ago, with the status that Decide would write.
func (s *scene) endedAs(phase v1alpha1.Phase, reason string) *scene {
	s.phase(phase, reason)
	s.Execution.Status.CompletionTime = &metav1.Time{Time: noon.Add(-time.Second)}
	return s
}

// The log cannot be read again, so its tail is composed from an already composed one. Each lifecycle line is there
// once.
func TestTailThatIsComposedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		marker   string
		language Language
	}{
		"in the same language": {"此前的 3 条日志未保留", Chinese},
		"in another":           {"3 earlier entries were not kept", Chinese},
	} {
		t.Run(name, func(t *testing.T) {
			s := startedBefore(given().job(), time.Minute).jobEnds(batchv1.JobComplete, "").endedAs(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
			s.Options.Language = c.language
			s.Execution.Status.LogSummary = &v1alpha1.LogSummary{Entries: 5, DroppedEntries: 3}
			s.Mirrored = append([]v1alpha1.LogEntry{
				{Level: v1alpha1.LogInfo, Message: "开始执行任务 (无超时限制)"}, {Level: v1alpha1.LogWarn, Message: c.marker},
			}, append(lines(2, "x"), v1alpha1.LogEntry{Message: "任务执行成功"})...)
			s.Log = LogState{Lines: 1, Tail: lines(1, "y"), GaveUp: v1alpha1.ReasonLogsUnavailable, Attempts: 1}
			status := Decide(s.Observation).Status
			if got, want := messagesOf(status.Logs), "开始执行任务 (无超时限制)|此前的 3 条日志未保留|x0|x1|任务执行成功"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if sum := status.LogSummary; sum.Entries != 5 || sum.DroppedEntries != 3 || sum.Complete {
				t.Errorf("summary %+v", sum)
			}
		})
	}
}

// The Job of a run is lost and its Task is deleted. The limits are unknown, and the log stays.
func TestLogOfALostRunWithoutItsTask(t *testing.T) {
	s := startedBefore(lose(given().job()), time.Minute).endedAs(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost)
	s.Task = nil
	s.Log = LogState{Lines: 2, Tail: lines(2, "x"), Read: true, Drained: true, Attempts: 1}
	if got, want := messagesOf(Decide(s.Observation).Status.Logs), "开始执行任务 (无超时限制)|x0|x1|任务执行失败: JobLost"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Pods of a lost Job go on and end after the run. The recorded exit code stays.
func TestExitCodeThatWasToldStands(t *testing.T) {
	s := startedBefore(lose(given().job()), time.Minute).endedAs(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost).pod(exited(3))
	s.Log = LogState{} // the end of its log is still being read, so it is reconciled again
	plan := Decide(s.Observation)
	first := plan.Status.DeepCopy() // a copy, because it points into the pod
	s.Execution.Status = *first
	s.Pods[0].Status.ContainerStatuses[0].State.Terminated.ExitCode = 4
	second := Decide(s.Observation).Status
	if first.ExitCode == nil || *first.ExitCode != 3 || *second.ExitCode != 3 {
		t.Errorf("first %v, then %d", first.ExitCode, *second.ExitCode)
	}
}

// A container that started after the end of the run does not count as its start. A start before the end counts, even if
// it is observed late.
func TestStartAfterTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		ago  time.Duration
		want bool
	}{"it started before": {2 * time.Second, true}, "it started after": {0, false}} {
		t.Run(name, func(t *testing.T) {
			s := given().job().cancelled().endedAs(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled).pod(runningFor(c.ago))
			if got := Decide(s.Observation).Status.StartTime; (got != nil) != c.want {
				t.Errorf("start %v", got)
			}
		})
	}
}

// A pod that started, and whose status no longer says so, still counts as an attempt.
func TestAttemptOfAPodThatDoesNotTell(t *testing.T) {
	s := given().job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted).pod(runningFor(time.Minute))
	s.Execution.Status = Decide(s.Observation).Status
	s.Pods[0].Status.ContainerStatuses = nil
	s.pod(runningFor(time.Second))
	if got := Decide(s.Observation).Status.Attempts; got != 2 {
		t.Errorf("%d attempts", got)
	}
}
