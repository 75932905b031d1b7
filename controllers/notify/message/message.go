// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/rules"
)

// Language is the language of a message.
type Language string

// The languages. Chinese is the default, as for the lifecycle lines of a log.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Level is how bad the news is. Vendors show it as a colour.
type Level int

// The levels.
const (
	Good Level = iota
	Warning
	Bad
)

// Options say how a message is written.
type Options struct {
	Language Language
	// Zone is the time zone of the times. Nil means UTC.
	Zone *time.Location
	// Cluster names the cluster, if there are several. It may be empty.
	Cluster string
	// Console is the address of the console, such as https://tasks.example.com/console. It may be empty.
	Console string
}

// Message is what a person reads. All its texts are single lines without control characters, except Log, which are such
// lines.
type Message struct {
	// ID is that of package message's ID.
	ID    string
	Level Level
	Title string
	// Sentence says why. It may be empty.
	Sentence string
	Fields   []Field
	// LogTitle is the heading of the log lines.
	LogTitle string
	Note     string
	// More says how many other events of the same kind there are. It is empty if there are none.
	More string
	// LinkText is the text of the link to Facts.Link.
	LinkText string
	// Facts are what the message is made of.
	Facts Facts
}

// Field is one line of a message.
type Field struct{ Name, Value string }

// Of writes the message about an event.
func Of(id string, f Facts, o Options) Message {
	w := wordsOf(o.Language)
	f.Cluster, f.Link = o.Cluster, link(o.Console, f)
	m := Message{ID: id, Level: levelOf(f.Event), Title: w.title(f), Sentence: f.Sentence, Note: f.Note, Facts: f, LogTitle: w.log, LinkText: w.open}
	if f.More > 0 {
		m.More = fmt.Sprintf(w.more, f.More)
	}
	m.Fields = fields(f, w, o.Zone)
	return m
}

func levelOf(e rules.Event) Level {
	switch e {
	case rules.Completed, rules.Recovered:
		return Good
	case rules.Cancelled, rules.Late, rules.QueuedTooLong, rules.LogIncomplete:
		return Warning
	default:
		return Bad
	}
}

// fields returns what is known, in the order in which a person asks.
func fields(f Facts, w words, zone *time.Location) (all []Field) {
	add := func(name, value string) {
		if value != "" {
			all = append(all, Field{name, value})
		}
	}
	add(w.task, f.Namespace+"/"+f.Task)
	add(w.cluster, f.Cluster)
	add(w.run, f.Execution)
	add(w.schedule, f.Schedule)
	add(w.reason, f.Reason)
	if f.ExitCode != nil {
		add(w.exitCode, strconv.Itoa(int(*f.ExitCode)))
	}
	if f.Attempts > 1 {
		add(w.attempts, strconv.Itoa(int(f.Attempts)))
	}
	add(w.started, shown(f.StartTime, zone))
	add(w.ended, shown(f.CompletionTime, zone))
	if f.StartTime != nil && f.CompletionTime != nil {
		add(w.took, w.duration(f.CompletionTime.Sub(*f.StartTime)))
	}
	missed := shown(f.FirstMissed, zone)
	if last := shown(f.LastMissed, zone); last != missed {
		missed += " – " + last
	}
	add(w.missed, missed)
	return all
}

func shown(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

// link returns the address of the run, or of the schedules, in the console.
func link(console string, f Facts) string {
	if console == "" {
		return ""
	}
	base := strings.TrimRight(console, "/") + "/ns/" + url.PathEscape(f.Namespace)
	if f.Execution == "" {
		return base + "/schedules"
	}
	return base + "/runs/" + url.PathEscape(f.Execution)
}

// Text writes the message as plain text, for vendors without markup and for mail.
func (m Message) Text() string {
	var b strings.Builder
	line := func(text string) {
		if text != "" {
			b.WriteString(text)
			b.WriteByte('\n')
		}
	}
	line(m.Sentence)
	line(m.More)
	line(m.Note)
	b.WriteByte('\n')
	for _, f := range m.Fields {
		line(f.Name + ": " + f.Value)
	}
	if len(m.Facts.Log) > 0 {
		b.WriteString("\n" + m.LogTitle + ":\n")
		for _, l := range m.Facts.Log {
			b.WriteString("  " + l + "\n")
		}
	}
	if m.Facts.Link != "" {
		b.WriteString("\n" + m.LinkText + ": " + m.Facts.Link + "\n")
	}
	b.WriteString("\n" + m.ID + "\n")
	return b.String()
}
