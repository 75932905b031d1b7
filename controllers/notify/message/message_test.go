// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/notify/rules"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func failedRun() *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "report-1", UID: "u1"}}
	e.Spec.TaskRef.Name = "report"
	e.Status = v1alpha1.TaskExecutionStatus{
		Phase: v1alpha1.PhaseFailed, Reason: v1alpha1.ReasonNonZeroExit, Message: "container main exited\nwith code 3",
		ExitCode: ptr.To[int32](3), Attempts: 2,
		StartTime: &metav1.Time{Time: noon.Add(-65 * time.Minute)}, CompletionTime: &metav1.Time{Time: noon},
	}
	return e
}

func entries(lines ...string) (log []v1alpha1.LogEntry) {
	for _, l := range lines {
		log = append(log, v1alpha1.LogEntry{Message: l})
	}
	return log
}

func TestMessageInBothLanguages(t *testing.T) {
	facts := OfRun(failedRun(), rules.Due{Event: rules.FailedInARow, At: noon, InARow: 3}, entries("reading", "no such table")).WithNote("runbook: https://wiki/report")
	facts.More = 37
	shanghai := time.FixedZone("CST", 8*3600)
	for language, c := range map[Language]struct {
		o    Options
		want string
	}{
		English: {Options{Language: English, Cluster: "prod", Console: "https://tasks.example.com/console/"}, `Task report failed 3 times in a row
container main exited with code 3
and 37 more of this kind
runbook: https://wiki/report

Task: shop/report
Cluster: prod
Run: report-1
Reason: NonZeroExit
Exit code: 3
Attempts: 2
Started: 2026-12-01 10:55:00 UTC
Ended: 2026-12-01 12:00:00 UTC
Took: 1h 5m

End of the log:
  reading
  no such table

Open in the console: https://tasks.example.com/console/ns/shop/runs/report-1

msg_1
`},
		Chinese: {Options{Zone: shanghai}, `任务 report 连续失败 3 次
container main exited with code 3
另有 37 条同类通知
runbook: https://wiki/report

任务: shop/report
执行: report-1
原因: NonZeroExit
退出码: 3
尝试次数: 2
开始时间: 2026-12-01 18:55:00 CST
结束时间: 2026-12-01 20:00:00 CST
耗时: 1 小时 5 分钟

日志末尾:
  reading
  no such table

msg_1
`},
	} {
		t.Run(string(language), func(t *testing.T) {
			m := Of("msg_1", facts, c.o)
			if got := m.Title + "\n" + m.Text(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Each event has a title in each language, with nothing left to fill in.
func TestEachEventHasATitle(t *testing.T) {
	for _, language := range []Language{Chinese, English} {
		for _, event := range append(rules.Events(), Test) {
			m := Of("id", Facts{Event: event, Task: "report", FailedInARow: 2, Limit: 90 * time.Second}, Options{Language: language})
			if !strings.Contains(m.Title, "report") || strings.Contains(m.Title, "%") {
				t.Errorf("%s, %s: %q", language, event, m.Title)
			}
		}
	}
}

func TestTicksThatWereNotRun(t *testing.T) {
	s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "nightly"}}
	s.Spec.TaskRef.Name = "report"
	for name, c := range map[string]struct {
		last time.Time
		want string
	}{
		"one":     {noon, "Not run: 2026-12-01 12:00:00 UTC\n"},
		"several": {noon.Add(time.Hour), "Not run: 2026-12-01 12:00:00 UTC – 2026-12-01 13:00:00 UTC\n"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := OfTicks(s, rules.Missed{First: noon, Last: c.last, Reason: v1alpha1.ReasonTaskNotFound}, "task report does not exist")
			m := Of("id", facts, Options{Language: English, Console: "https://c"})
			if text := m.Text(); !strings.Contains(text, c.want) || !strings.Contains(text, "https://c/ns/shop/schedules") || !strings.Contains(text, "Schedule: nightly") {
				t.Errorf("got %s", text)
			}
		})
	}
}

// However long and harmful the texts of a run are, a message is bounded, valid and of single lines.
func TestMessageIsBounded(t *testing.T) {
	e := failedRun()
	e.Status.Message = strings.Repeat("坏\x1b[31m", 5000)
	var log []v1alpha1.LogEntry
	for i := range 500 {
		log = append(log, v1alpha1.LogEntry{Message: fmt.Sprintf("%d\n", i) + strings.Repeat("é", 400)})
	}
	m := Of("id", OfRun(e, rules.Due{Event: rules.Failed}, log).WithNote(strings.Repeat("n", 9000)), Options{})
	text := m.Text()
	if len(text) > 5000 || !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("%d bytes, valid %v", len(text), utf8.ValidString(text))
	}
	if n := len(m.Facts.Log); n == 0 || n > maxLines || !strings.HasPrefix(m.Facts.Log[n-1], "499") {
		t.Errorf("%d lines, the last %q", n, m.Facts.Log[n-1])
	}
	for _, line := range append(m.Facts.Log, m.Sentence, m.Note) {
		if strings.Contains(line, "\n") {
			t.Errorf("more than one line: %q", line)
		}
	}
}

func TestID(t *testing.T) {
	ids := map[string]bool{}
	for _, id := range []string{
		ID("u1", rules.Failed, "chat"), ID("u1", rules.Failed, "mail"), ID("u1", rules.Late, "chat"), ID("u2", rules.Failed, "chat"),
		ID(TickSubject("u1", noon), rules.NotRun, "chat"), ID(TickSubject("u1", noon.Add(time.Second)), rules.NotRun, "chat"),
	} {
		if ids[id] || len(id) != 30 || !strings.HasPrefix(id, "msg_") {
			t.Errorf("id %q", id)
		}
		ids[id] = true
	}
	if got, want := ID("u1", rules.Failed, "chat"), "msg_nt5h6aisb8pdprue6kpjur7aro"; got != want {
		t.Errorf("the id of a message must not change between versions: got %s, want %s", got, want)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 999 * time.Millisecond: "0s", 61 * time.Second: "1m 1s", time.Hour + time.Second: "1h",
		49*time.Hour + 30*time.Minute: "2d 1h", 90 * time.Minute: "1h 30m", 15 * time.Minute: "15m",
	} {
		if got := wordsOf(English).duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
