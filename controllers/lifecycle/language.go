// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Language is the language of the lifecycle lines.
type Language string

// These are the languages. Chinese is the default: its texts are documented by the REST API.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// maxFailureText bounds the reason of a failure in the log, in bytes, so that it fits into the smallest tail.
// status.message has the whole reason.
const maxFailureText = 200

type words struct {
	startedWithin, startedUnbounded string
	completed, failed, cancelled    string
	droppedEntries                  string
}

var vocabulary = map[Language]words{
	Chinese: {
		startedWithin:    "开始执行任务 (超时限制: %dms)",
		startedUnbounded: "开始执行任务 (无超时限制)",
		completed:        "任务执行成功",
		failed:           "任务执行失败: %s",
		cancelled:        "任务已取消",
		droppedEntries:   "此前的 %d 条日志未保留",
	},
	English: {
		startedWithin:    "task started (timeout: %dms)",
		startedUnbounded: "task started (no timeout)",
		completed:        "task completed",
		failed:           "task failed: %s",
		cancelled:        "task cancelled",
		droppedEntries:   "%d earlier entries were not kept",
	},
}

func (l Language) words() words {
	if w, ok := vocabulary[l]; ok {
		return w
	}
	return vocabulary[Chinese]
}

func (w words) started(at time.Time, timeout *metav1.Duration) v1alpha1.LogEntry {
	message := w.startedUnbounded
	if timeout != nil {
		message = fmt.Sprintf(w.startedWithin, timeout.Milliseconds())
	}
	return entry(at, v1alpha1.LogInfo, message)
}

// finished returns the last entry. It is never older than the last printed line.
func (w words) finished(status *v1alpha1.TaskExecutionStatus, tail []v1alpha1.LogEntry) v1alpha1.LogEntry {
	var at time.Time
	if status.CompletionTime != nil { // it is nil if it could not be decoded
		at = status.CompletionTime.Time
	}
	if n := len(tail); n > 0 && tail[n-1].Timestamp.After(at) {
		at = tail[n-1].Timestamp.Time
	}
	switch status.Phase {
	case v1alpha1.PhaseCompleted:
		return entry(at, v1alpha1.LogInfo, w.completed)
	case v1alpha1.PhaseCancelled:
		return entry(at, v1alpha1.LogWarn, w.cancelled)
	default:
		why := status.Message
		if why == "" {
			why = status.Reason
		}
		return entry(at, v1alpha1.LogError, fmt.Sprintf(w.failed, clip(why, maxFailureText)))
	}
}

func (w words) dropped(at time.Time, n int64) v1alpha1.LogEntry {
	return entry(at, v1alpha1.LogWarn, fmt.Sprintf(w.droppedEntries, n))
}

// isDropped reports whether an entry is the marker of that many dropped entries, in any language.
func isDropped(e *v1alpha1.LogEntry, n int64) bool {
	for _, w := range vocabulary {
		if e.Level == v1alpha1.LogWarn && e.Message == fmt.Sprintf(w.droppedEntries, n) {
			return true
		}
	}
	return false
}

func entry(at time.Time, level v1alpha1.LogLevel, message string) v1alpha1.LogEntry {
	return v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(at), Level: level, Message: message}
}
