// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The texts are exactly those of the REST API's documentation.
func TestDocumentedWords(t *testing.T) {
	w := Chinese.words()
	ended := func(phase v1alpha1.Phase, message string) v1alpha1.LogEntry {
		return w.finished(&v1alpha1.TaskExecutionStatus{Phase: phase, Reason: "NonZeroExit", Message: message, CompletionTime: ptr.To(metav1.NewTime(noon))}, nil)
	}
	for name, c := range map[string]struct {
		entry v1alpha1.LogEntry
		level v1alpha1.LogLevel
		want  string
	}{
		"a start with a timeout":     {w.started(noon, &metav1.Duration{Duration: 30 * time.Second}), v1alpha1.LogInfo, "开始执行任务 (超时限制: 30000ms)"},
		"a start without":            {w.started(noon, nil), v1alpha1.LogInfo, "开始执行任务 (无超时限制)"},
		"a success":                  {ended(v1alpha1.PhaseCompleted, ""), v1alpha1.LogInfo, "任务执行成功"},
		"a failure":                  {ended(v1alpha1.PhaseFailed, "exit code 3"), v1alpha1.LogError, "任务执行失败: exit code 3"},
		"a failure without a word":   {ended(v1alpha1.PhaseFailed, ""), v1alpha1.LogError, "任务执行失败: NonZeroExit"},
		"a failure with a % in it":   {ended(v1alpha1.PhaseFailed, "100%d"), v1alpha1.LogError, "任务执行失败: 100%d"},
		"a failure with much to say": {ended(v1alpha1.PhaseFailed, strings.Repeat("x", 5000)), v1alpha1.LogError, "任务执行失败: " + strings.Repeat("x", maxFailureText-3) + "…"},
		"a cancel":                   {ended(v1alpha1.PhaseCancelled, "cancelled by ann"), v1alpha1.LogWarn, "任务已取消"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.entry.Message != c.want || c.entry.Level != c.level || !c.entry.Timestamp.Time.Equal(noon) {
				t.Errorf("got %+v, want %s %q", c.entry, c.level, c.want)
			}
		})
	}
}

func TestLastEntryIsNotBeforeTheLastLine(t *testing.T) {
	status := &v1alpha1.TaskExecutionStatus{Phase: v1alpha1.PhaseCompleted, CompletionTime: ptr.To(metav1.NewTime(noon))}
	for name, c := range map[string]struct{ line, want time.Time }{
		"a line before the end": {noon.Add(-time.Second), noon},
		"a line after the end":  {noon.Add(time.Second), noon.Add(time.Second)},
	} {
		tail := []v1alpha1.LogEntry{entry(c.line, v1alpha1.LogInfo, "x")}
		if got := Chinese.words().finished(status, tail).Timestamp; !got.Time.Equal(c.want) {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestUnknownLanguageIsChinese(t *testing.T) {
	for _, l := range []Language{"", "fr", "ZH"} {
		if l.words() != Chinese.words() {
			t.Errorf("%q has other words", l)
		}
	}
}
