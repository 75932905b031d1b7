// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// serverEvent is one event of a followed log (text/event-stream, WHATWG HTML 9.2).
type serverEvent struct{ id, event, data string }

// followed reads the events of a log until one satisfies stop, and then closes the connection.
func followed(t *testing.T, id, lastEventID string, stop func(serverEvent) bool) (events []serverEvent) {
	t.Helper()
	header := map[string]string{"Accept": "text/event-stream"}
	if lastEventID != "" {
		header["Last-Event-ID"] = lastEventID
	}
	body := openLog(t, id, "follow=true", header)
	defer body.Close()
	reader := bufio.NewReader(body)
	for {
		event, err := nextEvent(reader)
		if err != nil {
			t.Fatalf("after %d events of the log of %s: %v", len(events), id, err)
		}
		events = append(events, event)
		if stop(event) {
			return events
		}
	}
}

// nextEvent reads one event. It skips the comments that keep a connection alive.
func nextEvent(r *bufio.Reader) (event serverEvent, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // a stream must end with an event
			}
			return event, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" && (event.data != "" || event.event != "") {
			return event, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			event.id = value
		case "event":
			event.event = value
		case "data":
			event.data += value
		}
	}
}

func isEnd(e serverEvent) bool { return e.event == "end" }

// entriesOf joins the log entries of events into one log.
func entriesOf(t *testing.T, events []serverEvent) []byte {
	t.Helper()
	var log strings.Builder
	for _, event := range events {
		if event.event != "entry" {
			continue
		}
		var entry pageEntry
		if err := json.Unmarshal([]byte(event.data), &entry); err != nil {
			t.Fatalf("an event with %q: %v", event.data, err)
		}
		log.WriteString(entry.Message + "\n")
	}
	return []byte(log.String())
}

// A client that follows a log, loses its connection and resumes gets each line exactly once.
func TestLogFollowedAndResumed(t *testing.T) {
	t.Parallel()
	const lines, dropAt = 600, 200
	name := given(t, taskOf(steadily(lines, 30*time.Second, 80)))
	id := execute(t, name, nil)

	seen := 0
	first := followed(t, id, "", func(e serverEvent) bool {
		if e.event == "entry" {
			seen++
		}
		return seen == dropAt || isEnd(e)
	})
	last := first[len(first)-1]
	if isEnd(last) || last.id == "" {
		t.Fatalf("after %d entries the log of a run that prints for 30 s has the event %+v", seen, last)
	}
	if e := status(t, id); e.Status != "running" {
		t.Errorf("the first %d lines came when the run was over: %s", dropAt, text(e))
	}
	rest := followed(t, id, last.id, isEnd)
	got := tallyOf(entriesOf(t, append(first, rest...)))
	if wrong := got.disorder() + got.missing(lines); wrong != "" || len(got.others) > 0 {
		t.Errorf("followed and resumed, the log has %d lines of %d: %s; others: %q", len(got.numbers), lines, wrong, got.others)
	}
	wholeOrSaid(t, id, lines)
	again := tallyOf(entriesOf(t, followed(t, id, "", isEnd)))
	if wrong := again.disorder() + again.missing(lines); wrong != "" {
		t.Errorf("followed after its end, the log has %d lines of %d: %s", len(again.numbers), lines, wrong)
	}
}
