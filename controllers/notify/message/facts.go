// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package message turns an event into words. It is pure.
//
// Facts are what a program may want to know of the event. Message is what a person reads, in one language. Both are made
// of the status of a run and of the tail of its log, which have no values of sensitive params. Params are in neither.
package message

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/notify/rules"
)

// Facts are what is known about an event. JSON is the form in which a webhook gets them; times are in UTC.
type Facts struct {
	Event     rules.Event `json:"event"`
	At        time.Time   `json:"-"` // it is the time of the CloudEvent
	Cluster   string      `json:"cluster,omitempty"`
	Namespace string      `json:"namespace"`
	Task      string      `json:"task"`
	// Execution and ExecutionUID are empty for ticks of a schedule.
	Execution    string `json:"execution,omitempty"`
	ExecutionUID string `json:"executionUID,omitempty"`
	Schedule     string `json:"schedule,omitempty"`

	Phase  string `json:"phase,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Sentence says for people why. It is one line of at most maxSentence bytes.
	Sentence string `json:"message,omitempty"`

	StartTime      *time.Time `json:"startTime,omitempty"`
	CompletionTime *time.Time `json:"completionTime,omitempty"`
	ExitCode       *int32     `json:"exitCode,omitempty"`
	Attempts       int32      `json:"attempts,omitempty"`
	// FailedInARow is how many runs failed in a row.
	FailedInARow int `json:"failedInARow,omitempty"`
	// Limit is what was exceeded, for Late and QueuedTooLong.
	Limit time.Duration `json:"-"`
	// LimitSeconds is Limit for programs.
	LimitSeconds float64 `json:"limitSeconds,omitempty"`
	// FirstMissed and LastMissed are the ticks that were not run, for NotRun of a schedule.
	FirstMissed *time.Time `json:"firstMissed,omitempty"`
	LastMissed  *time.Time `json:"lastMissed,omitempty"`

	// Log are the last lines, oldest first: at most 10, each of at most 300 bytes, and 2,000 bytes in all.
	Log []string `json:"log,omitempty"`
	// Note is the text that the Task adds to its messages, such as the address of a runbook.
	Note string `json:"note,omitempty"`
	// Link leads to the run in the console. It is empty if the address of the console is not known.
	Link string `json:"link,omitempty"`
	// More is how many other events of the same kind the message is about.
	More int `json:"more,omitempty"`
}

// These bound the texts of Facts, in bytes and lines. The vendor's limits (package send) come on top.
const (
	maxSentence = 1000
	maxNote     = 500
	maxLine     = 300
	maxLines    = 10
	maxLog      = 2000
)

// OfRun returns the facts of an event of a run. log is the tail of its log, without lifecycle lines or with them.
func OfRun(e *v1alpha1.TaskExecution, due rules.Due, log []v1alpha1.LogEntry) Facts {
	status := &e.Status
	f := Facts{
		Event: due.Event, At: due.At, Namespace: e.Namespace, Task: e.Spec.TaskRef.Name,
		Execution: e.Name, ExecutionUID: string(e.UID),
		Phase: string(status.Phase), Reason: status.Reason, Sentence: parse.Harmless(status.Message, maxSentence),
		ExitCode: status.ExitCode, Attempts: status.Attempts,
		FailedInARow: due.InARow, Limit: due.Limit, LimitSeconds: due.Limit.Seconds(),
		Log: lastLines(log),
	}
	if at := status.StartTime; at != nil {
		f.StartTime = utc(at.Time)
	}
	if at := status.CompletionTime; at != nil {
		f.CompletionTime = utc(at.Time)
	}
	return f
}

// OfTicks returns the facts of a schedule that was not run.
func OfTicks(s *v1alpha1.TaskSchedule, m rules.Missed, sentence string) Facts {
	return Facts{
		Event: rules.NotRun, At: m.First, Namespace: s.Namespace, Task: s.Spec.TaskRef.Name, Schedule: s.Name,
		Reason: m.Reason, Sentence: parse.Harmless(sentence, maxSentence), FirstMissed: utc(m.First), LastMissed: utc(m.Last),
	}
}

// WithNote adds the text of the Task.
func (f Facts) WithNote(note string) Facts {
	f.Note = parse.Harmless(note, maxNote)
	return f
}

// lastLines returns the newest lines that fit, oldest first.
func lastLines(log []v1alpha1.LogEntry) (lines []string) {
	size := 0
	for _, entry := range slices.Backward(log) {
		line := parse.Harmless(entry.Message, maxLine)
		if size += len(line); len(lines) == maxLines || size > maxLog {
			break
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines
}

func utc(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}

// ID returns the id of the message about an event to a target: the same for the same three. subject is the UID of a run,
// or TickSubject. A receiver that gets an id twice got one message twice.
func ID(subject string, event rules.Event, target string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{subject, string(event), target}, "\x00")))
	return "msg_" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// TickSubject is the subject of an ID that is about a tick of a schedule.
func TickSubject(schedule types.UID, tick time.Time) string {
	return string(schedule) + "@" + tick.UTC().Format(time.RFC3339)
}
