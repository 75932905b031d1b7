// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"strings"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/rules"
)

// words are the texts of one language.
type words struct {
	task, cluster, run, schedule, reason, exitCode, attempts string
	started, ended, took, missed                             string
	log, open, more                                          string
	// units are those of durations: days, hours, minutes, seconds.
	units [4]string
	// titles take the name of the Task. Those of counted and limited events also take the number or the duration.
	titles map[rules.Event]string
}

var vocabulary = map[Language]words{
	Chinese: {
		task: "任务", cluster: "集群", run: "执行", schedule: "定时计划", reason: "原因", exitCode: "退出码", attempts: "尝试次数",
		started: "开始时间", ended: "结束时间", took: "耗时", missed: "未执行的时刻",
		log: "日志末尾", open: "在控制台查看", more: "另有 %d 条同类通知",
		units: [4]string{" 天", " 小时", " 分钟", " 秒"},
		titles: map[rules.Event]string{
			rules.Failed:        "任务 %s 执行失败",
			rules.FailedInARow:  "任务 %s 连续失败 %d 次",
			rules.Recovered:     "任务 %s 已恢复 (此前连续失败 %d 次)",
			rules.Completed:     "任务 %s 执行成功",
			rules.Cancelled:     "任务 %s 已取消",
			rules.Late:          "任务 %s 运行超过 %s 仍未结束",
			rules.QueuedTooLong: "任务 %s 等待超过 %s 仍未开始",
			rules.NotRun:        "任务 %s 未按计划执行",
			rules.LogIncomplete: "任务 %s 的日志不完整",
			Test:                "测试通知: %s",
		},
	},
	English: {
		task: "Task", cluster: "Cluster", run: "Run", schedule: "Schedule", reason: "Reason", exitCode: "Exit code", attempts: "Attempts",
		started: "Started", ended: "Ended", took: "Took", missed: "Not run",
		log: "End of the log", open: "Open in the console", more: "and %d more of this kind",
		units: [4]string{"d", "h", "m", "s"},
		titles: map[rules.Event]string{
			rules.Failed:        "Task %s failed",
			rules.FailedInARow:  "Task %s failed %d times in a row",
			rules.Recovered:     "Task %s works again after %d failures in a row",
			rules.Completed:     "Task %s completed",
			rules.Cancelled:     "Task %s was cancelled",
			rules.Late:          "Task %s has been running for more than %s",
			rules.QueuedTooLong: "Task %s has been waiting to start for more than %s",
			rules.NotRun:        "Task %s did not run at its time",
			rules.LogIncomplete: "The log of task %s is not complete",
			Test:                "Test notification: %s",
		},
	},
}

// Test is the event of a test message. No run makes it.
const Test rules.Event = "Test"

func wordsOf(l Language) words {
	if w, ok := vocabulary[l]; ok {
		return w
	}
	return vocabulary[Chinese]
}

// title says in one line what happened. A Task's name has at most 253 characters, so a title is bounded.
func (w words) title(f Facts) string {
	format := w.titles[f.Event]
	switch f.Event {
	case rules.FailedInARow, rules.Recovered:
		return fmt.Sprintf(format, f.Task, f.FailedInARow)
	case rules.Late, rules.QueuedTooLong:
		return fmt.Sprintf(format, f.Task, w.duration(f.Limit))
	default:
		return fmt.Sprintf(format, f.Task)
	}
}

// duration writes a duration with its two largest units, rounded down to seconds: 1h 5m, 0s.
func (w words) duration(d time.Duration) string {
	sizes := [4]time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	d = max(0, d)
	var parts []string
	for i, size := range sizes {
		n := d / size
		d %= size
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, w.units[i]))
		}
		if len(parts) == 2 || len(parts) == 1 && n == 0 {
			break
		}
	}
	if len(parts) == 0 {
		return "0" + w.units[3]
	}
	return strings.Join(parts, " ")
}
