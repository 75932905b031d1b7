// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/web"
)

// eventSource behaves like a browser's EventSource. When an answer of 200 ends, it reconnects with the id of its last
// event. It stops at any other status.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
type eventSource struct {
	url string
	// id is the last event's id. ids and events count the events by id and by name.
	id          string
	ids         map[string]int
	events      map[string]int
	messages    []string
	connections int
	// status is the one at which it stopped.
	status int
	// broken, if set, says whether to break the connection after an event.
	broken func(connection, event int) bool
}

// run returns when the client has stopped. It reconnects at once, where a browser waits as long as "retry" says. It
// gives up after many connections.
func (s *eventSource) run(ctx context.Context, t *testing.T) {
	t.Helper()
	s.ids, s.events = map[string]int{}, map[string]int{}
	for s.connections = 1; s.connections <= 20; s.connections++ {
		ctx, leave := context.WithCancel(ctx)
		r, err := http.NewRequestWithContext(ctx, "GET", s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		if s.id != "" {
			r.Header.Set("Last-Event-ID", s.id)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.status = answer.StatusCode; s.status == http.StatusOK {
			s.read(t, &reader{Reader: bufio.NewReader(answer.Body), leave: leave})
		}
		_ = answer.Body.Close()
		leave()
		if s.status != http.StatusOK {
			return
		}
	}
}

func (s *eventSource) read(t *testing.T, from *reader) {
	for n := 0; ; n++ {
		name, data, err := from.event(t)
		if err != nil {
			return
		}
		if from.id != "" {
			s.id = from.id
		}
		s.events[name]++
		if name == "entry" {
			var e logs.LogEntry
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Errorf("%v in %s", err, data)
			}
			s.messages = append(s.messages, e.Message)
			s.ids[from.id]++
		}
		if s.broken != nil && s.broken(s.connections, n) {
			from.leave()
			return
		}
	}
}

// An EventSource that follows a log gets each line and the end once. A 204 then makes it stop.
func TestCase40FollowedLogLetsAnEventSourceGo(t *testing.T) {
	for name, c := range map[string]struct {
		lines       int
		query       string
		broken      func(connection, event int) bool
		connections int
		entries     int
	}{
		"at the end":                 {5, "?follow=true", nil, 2, 5},
		"without a line":             {0, "?follow=true", nil, 2, 0},
		"whose lines are left out":   {5, "?follow=true&level=error", nil, 2, 0},
		"a tail":                     {5, "?follow=true&tail=2", nil, 2, 2},
		"broken after each line":     {5, "?follow=true", func(int, int) bool { return true }, 7, 5},
		"broken within a tail":       {5, "?follow=true&tail=3", func(connection, event int) bool { return connection == 1 && event == 1 }, 3, 3},
		"a cursor, which it leaves":  {5, "?follow=true&lastEventId=.end", nil, 1, 0},
		"one attempt, which is none": {5, "?follow=true&attempt=7", nil, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newLogFacade()
			f.start()
			f.kubelet.print(c.lines)
			f.end()
			source := &eventSource{url: f.listen(t) + c.query, broken: c.broken}
			source.run(t.Context(), t)
			if source.connections != c.connections || source.status != http.StatusNoContent {
				t.Errorf("%d connections, the last with status %d; want %d with 204", source.connections, source.status, c.connections)
			}
			if len(source.messages) != c.entries || len(source.ids) != c.entries {
				t.Errorf("%d entries with %d ids, want %d: %q", len(source.messages), len(source.ids), c.entries, source.messages)
			}
			if ends := source.events["end"]; ends != min(1, c.connections-1) {
				t.Errorf("it was told of the end %d times", ends)
			}
			f.wantIdle(t)
		})
	}
}

// If only the tail in the run's status is left of a log, an EventSource stops too.
func TestCase40LogOfAPodThatIsGoneLetsAnEventSourceGo(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.end()
	f.store.pods = nil
	f.store.executions["run"].Status.Logs = []v1alpha1.LogEntry{{Message: "one", Level: v1alpha1.LogInfo}, {Message: "two", Level: v1alpha1.LogInfo}}
	f.store.executions["run"].Status.LogSummary = &v1alpha1.LogSummary{Entries: 2}
	source := &eventSource{url: f.listen(t) + "?follow=true"}
	source.run(t.Context(), t)
	if source.connections != 2 || source.status != http.StatusNoContent || len(source.messages) != 2 {
		t.Errorf("%d connections, status %d, entries %q", source.connections, source.status, source.messages)
	}
}

// If a run is deleted while its log is followed, the client reconnects once, and a 404 makes it stop.
func TestCase40LogOfARunThatIsDeleted(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(1)
	source := &eventSource{url: f.listen(t) + "?follow=true"}
	source.broken = func(int, int) bool {
		f.store.mu.Lock()
		delete(f.store.executions, "run")
		f.store.mu.Unlock()
		f.kubelet.change(func() { f.kubelet.cut++ })
		return false
	}
	source.run(t.Context(), t)
	if source.connections != 2 || source.status != http.StatusNotFound || len(source.messages) != 1 {
		t.Errorf("%d connections, status %d, entries %q", source.connections, source.status, source.messages)
	}
}

// Every stream that ends by itself makes its EventSource stop.
func TestCase40WatchedRunLetsAnEventSourceGo(t *testing.T) {
	f := newWatchedFacade(t)
	f.put("run", "sync", v1alpha1.PhaseCompleted)
	source := &eventSource{url: f.url + "/tasks/executions/run/watch"}
	source.run(t.Context(), t)
	if source.connections != 2 || source.status != http.StatusNoContent || source.events["end"] != 1 {
		t.Errorf("%d connections, status %d, events %v", source.connections, source.status, source.events)
	}
}

// The id that a client sends is checked. The id of another stream is refused. An id that claims the end of a log does
// not make a client miss lines if the log continues.
func TestCase40IDsOfALog(t *testing.T) {
	f := newLogFacade()
	url := f.listen(t)
	f.start()
	f.kubelet.print(2)
	for _, id := range []string{"x", "12.end", ".END", "12"} {
		wantProblem(t, call(t, f.handler(DefaultOptions()), "GET", logPath+"?follow=true", "", "Last-Event-ID", id), http.StatusBadRequest, "want the id of an event of this API")
	}
	wantProblem(t, call(t, f.handler(DefaultOptions()), "GET", logPath+"?follow=true&lastEventId=", ""), http.StatusBadRequest, "want the id of an event of this API")
	r := follow(t, url+"?follow=true", "Last-Event-ID", ".end")
	r.entries(t, 2)
	f.end()
	if !r.entries(t, 10) || r.got != f.kubelet.text() {
		t.Errorf("got %q", r.got)
	}
	if len(r.id) < len(web.EndMark) || r.id[len(r.id)-len(web.EndMark):] != web.EndMark {
		t.Errorf("the id of the end is %q", r.id)
	}
	f.wantIdle(t)
}
