// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"encoding/json"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestWhenTheTailIsWritten(t *testing.T) {
	running := func() *scene {
		return startedBefore(given().job(), time.Minute).phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted).pod(runningFor(time.Minute))
	}
	with := func(s *scene, log LogState) *scene {
		s.Log = log
		return s
	}
	read := func(s *scene, lines int64) *scene {
		s.Execution.Status.LogSummary = &v1alpha1.LogSummary{Entries: lines}
		return s
	}
	some := LogState{Lines: 2, Tail: lines(2, "x"), Attempts: 1}
	due := some
	due.Due = true
	const first = "开始执行任务 (无超时限制)"
	for name, c := range map[string]struct {
		scene *scene
		want  string // empty if nothing is written
	}{
		"the tail is not due":                     {with(running(), some), ""},
		"it is due":                               {with(running(), due), first + "|x0|x1"},
		"the phase changes":                       {with(running().phase(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated), some), first + "|x0|x1"},
		"it is due, and behind after a restart":   {read(with(running(), due), 3), ""},
		"the phase changes, and it is behind":     {read(with(running().cancelled(), some), 3), ""},
		"it has caught up after a restart":        {read(with(running(), due), 2), first + "|x0|x1"},
		"the end, with the tail":                  {with(running().jobEnds(batchv1.JobComplete, ""), LogState{Lines: 2, Tail: lines(2, "x"), Read: true, Drained: true, Attempts: 1}), first + "|x0|x1|任务执行成功"},
		"the end, before the tail is whole":       {with(running().jobEnds(batchv1.JobComplete, ""), LogState{Lines: 2, Tail: lines(2, "x"), Waited: drainGrace}), first + "|x0|x1|任务执行成功"},
		"the end of what never began":             {given().cancelled(), "任务已取消"},
		"the end of what never began and no Task": {taskless(given().cancelled()), "任务已取消"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := messagesOf(Decide(c.scene.Observation).Status.Logs); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func taskless(s *scene) *scene {
	s.Task = nil
	return s
}

// While the archive is not ready, the status of a finished run is not written repeatedly. When the log is final, the
// tail is written once more: lines may have come since the phase was written.
func TestTailOfAFinishedRunIsWrittenWithTheLastWord(t *testing.T) {
	s := startedBefore(given().job(), time.Minute).pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	s.Log = LogState{Lines: 1, Tail: lines(1, "x"), Read: true, Attempts: 1, Waited: drainGrace}
	for step, c := range []struct {
		log    LogState
		want   string
		reason string
	}{
		{s.Log, "开始执行任务 (无超时限制)|x0|任务执行成功", v1alpha1.ReasonLogsArchiving},
		{s.Log, "", v1alpha1.ReasonLogsArchiving},
		{LogState{Lines: 2, Tail: lines(2, "x"), Read: true, Drained: true, Archived: true, Attempts: 1}, "开始执行任务 (无超时限制)|x0|x1|任务执行成功", ""},
		{LogState{}, "", ""},
	} {
		s.Log = c.log
		status := Decide(s.Observation).Status
		if got := messagesOf(status.Logs); got != c.want || status.LogSummary.Reason != c.reason {
			t.Errorf("step %d: got %q, summary %+v; want %q, reason %q", step, got, status.LogSummary, c.want, c.reason)
		}
		status.Logs = nil
		s.Execution.Status = status
	}
	if summary := s.Execution.Status.LogSummary; !summary.Complete || !summary.Archived || summary.Entries != 2 {
		t.Errorf("at the end the summary is %+v", summary)
	}
}

func TestStatusWithoutTail(t *testing.T) {
	s := startedBefore(given().job(), time.Minute).pod(exited(1)).counted(0, 1).jobEnds(batchv1.JobFailed, "")
	s.Log = LogState{Lines: 5, Tail: lines(5, "x"), Read: true, Drained: true, Attempts: 1}
	full := Decide(s.Observation).Status
	bare := WithoutTail(s.Observation, full)
	if bare.Phase != full.Phase || bare.Reason != full.Reason || bare.LogSummary.Entries != 5 || bare.LogSummary.DroppedEntries != 5 {
		t.Errorf("got %s/%s, %+v", bare.Phase, bare.Reason, bare.LogSummary)
	}
	if len(bare.Logs) != 3 || bare.Logs[1].Message != Chinese.words().dropped(noon, 5).Message {
		t.Errorf("got %q", messagesOf(bare.Logs))
	}
	if len(full.Logs) != 7 || full.LogSummary.DroppedEntries != 0 {
		t.Errorf("the status itself was changed: %q, %+v", messagesOf(full.Logs), full.LogSummary)
	}
}

func TestFit(t *testing.T) {
	one := size(lines(1, "x")...)
	for name, c := range map[string]struct {
		entries, bytes int64
		want           int
	}{
		"all fit":                {9, 100 * one, 5},
		"as many as there is":    {3, 100 * one, 3},
		"as many bytes as there": {9, 2 * one, 2},
		"a byte less":            {9, 2*one - 1, 1},
		"no room":                {9, one - 1, 0},
		"no entries":             {0, 100 * one, 0},
		"less than no entries":   {-1, 100 * one, 0},
		"less than no bytes":     {9, -1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fit(lines(5, "x"), c.entries, c.bytes); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

// The size of a list of entries is that of its JSON, without the brackets.
func TestSize(t *testing.T) {
	entries := lines(3, "同\"<\n")
	entries[1].Data = &apiextensionsv1.JSON{Raw: []byte(`{"a": 1}`)}
	raw, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := size(entries...), int64(len(raw))-1; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if got := size(); got != 0 {
		t.Errorf("nothing takes %d", got)
	}
}

func TestMarkerTakesNoMoreThanItsRoom(t *testing.T) {
	for language := range vocabulary {
		if got := size(language.words().dropped(noon, 1<<63-1)); got > markerSize {
			t.Errorf("%s: %d bytes", language, got)
		}
	}
}

func TestEntriesAreInOrder(t *testing.T) {
	s := given().job().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "")
	late := lines(3, "x") // up to two milliseconds after noon; the container ended a second before noon
	s.Log = LogState{Read: true, Drained: true, Attempts: 1, Lines: 90, Dropped: 87, Tail: late}
	logs := Decide(s.Observation).Status.Logs
	for i := range logs[1:] {
		if logs[i+1].Timestamp.Time.Before(logs[i].Timestamp.Time) {
			t.Errorf("%q stands after %q", logs[i+1].Message, logs[i].Message)
		}
	}
}
