// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/logs"
)

// reader is the client of one stream.
type reader struct {
	*bufio.Reader
	leave context.CancelFunc
	// id is the last event's id, and got are all messages.
	id, got string
}

func follow(t *testing.T, url string, headers ...string) *reader {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { leave(); _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", url, answer.StatusCode)
	}
	return &reader{Reader: bufio.NewReader(answer.Body), leave: leave}
}

// event reads the next event or comment, and returns its name and data.
func (r *reader) event(t *testing.T) (name, data string, err error) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return name, data, err
		}
		line = strings.TrimSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "":
			if value != "" {
				name = "comment"
			}
			if name != "" {
				return name, data, nil
			}
		case "event":
			name = value
		case "data":
			data = value
		case "id":
			r.id = value
		}
	}
}

// entries reads n events, or fewer if the stream ends.
func (r *reader) entries(t *testing.T, n int) (ended bool) {
	t.Helper()
	for range n {
		name, data, err := r.event(t)
		switch {
		case err != nil:
			return false
		case name == "end":
			return true
		case name == "entry":
			var e logs.LogEntry
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatalf("%v in %s", err, data)
			}
			r.got += e.Message + "\n"
		}
	}
	return false
}

func (f *logFacade) listen(t *testing.T) string {
	t.Helper()
	h := httptest.NewServer(checked(t, f.handler(DefaultOptions())))
	t.Cleanup(h.Close)
	return h.URL + logPath
}

// A follower gets each line once, from before the container starts until its end, even if responses end early.
func TestFollow(t *testing.T) {
	f := newLogFacade()
	url := f.listen(t)
	r := follow(t, url+"?follow=true")
	f.start()
	for n := range 10 {
		f.kubelet.print(7)
		r.entries(t, 7)
		if n%3 == 0 {
			f.kubelet.change(func() { f.kubelet.cut++ })
		}
	}
	f.kubelet.print(2)
	f.end()
	if !r.entries(t, 1000) {
		t.Error("it did not end")
	}
	if r.got != f.kubelet.text() {
		t.Errorf("got\n%swant\n%s", r.got, f.kubelet.text())
	}
	f.wantIdle(t)
}

func TestFollowTellsTheEnd(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.end()
	f.store.executions["run"].Status.Conditions[0].Status = "False"
	f.store.executions["run"].Status.Conditions[0].Reason = v1alpha1.ReasonLogsRotated
	name, data, err := follow(t, f.listen(t)+"?follow=true").event(t)
	if err != nil || name != "end" || !strings.Contains(data, `"complete":false,"reason":"Rotated"`) || !strings.Contains(data, `"status":"completed"`) {
		t.Errorf("%s %s %v", name, data, err)
	}
}

// A client that reconnects with the id of its last event gets the lines after it, from any source.
func TestResumeByLastEventID(t *testing.T) {
	for _, after := range []int{1, 2, 5, 19, 20} {
		f := newLogFacade()
		url := f.listen(t)
		f.start()
		f.kubelet.print(20)
		first := follow(t, url+"?follow=true&tail=20")
		first.entries(t, after)
		first.leave()
		f.wantIdle(t)
		f.kubelet.print(3)
		second := follow(t, url+"?follow=true&tail=20", "Last-Event-ID", first.id)
		f.end()
		if !second.entries(t, 1000) {
			t.Error("it did not end")
		}
		if got := first.got + second.got; got != f.kubelet.text() {
			t.Errorf("left after %d: got\n%swant\n%s", after, got, f.kubelet.text())
		}
	}
}

// If the pod disappears while its log is followed and there is no archive, the stream ends after the lines already
// sent.
func TestFollowOfAPodThatGoes(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(5)
	r := follow(t, f.listen(t)+"?follow=true")
	r.entries(t, 5)
	f.end()
	f.store.mu.Lock()
	f.store.pods = nil
	f.store.executions["run"].Status.Logs = []v1alpha1.LogEntry{{Message: "the same line"}}
	f.store.mu.Unlock()
	f.kubelet.change(func() { f.kubelet.gone = true; f.kubelet.cut++ })
	if !r.entries(t, 1000) || r.got != f.kubelet.text() {
		t.Errorf("got\n%s", r.got)
	}
}

func TestHeartbeat(t *testing.T) {
	f := newLogFacade()
	f.logs.Heartbeat = time.Millisecond
	if name, _, err := follow(t, f.listen(t)+"?follow=true").event(t); name != "comment" || err != nil {
		t.Errorf("got %s %v", name, err)
	}
}

// A silent connection to a kubelet is replaced, without repeating a line.
func TestSilence(t *testing.T) {
	f := newLogFacade()
	f.logs.Silence = time.Millisecond
	f.start()
	f.kubelet.print(5)
	r := follow(t, f.listen(t)+"?follow=true")
	until(t, "it was made anew", func() bool {
		f.kubelet.mu.Lock()
		defer f.kubelet.mu.Unlock()
		return f.kubelet.follows > 5
	})
	f.kubelet.print(5)
	f.end()
	if !r.entries(t, 1000) || r.got != f.kubelet.text() {
		t.Errorf("got\n%s", r.got)
	}
}

// When a client leaves, its log is no longer read.
func TestClientLeaves(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(5)
	url := f.listen(t)
	for _, accept := range []string{"text/plain", "text/event-stream"} {
		r := follow(t, url+"?follow=true", "Accept", accept)
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		r.leave()
		f.wantIdle(t)
	}
}

// Streams do not delay the stop of a facade. A stream of entries ends normally, a text ends as incomplete.
func TestStopEndsStreams(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(5)
	url := f.listen(t)
	events, text := follow(t, url+"?follow=true"), follow(t, url+"?follow=true", "Accept", "text/plain")
	events.entries(t, 5)
	if got := testutil.ToFloat64(f.metrics.Streams); got != 2 {
		t.Errorf("%v streams are counted, and there are 2", got)
	}
	close(f.logs.Stopping)
	if _, _, err := events.event(t); err != io.EOF { //nolint:errorlint // io.EOF itself says that the answer is whole
		t.Errorf("the events ended with %v", err)
	}
	if _, err := io.ReadAll(text); err == nil {
		t.Error("the text ended as if it were whole")
	}
	f.wantIdle(t)
	until(t, "no stream is counted", func() bool { return testutil.ToFloat64(f.metrics.Streams) == 0 })
}

// A text sends an unfinished line as it grows. Entries have it once, when it is whole.
func TestLineThatGrows(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(2)
	f.kubelet.change(func() { f.kubelet.partial = strings.Repeat("x", 100<<10) })
	url := f.listen(t)
	text, events := follow(t, url+"?follow=true", "Accept", "text/plain"), follow(t, url+"?follow=true")
	events.entries(t, 2)
	got := make([]byte, len(f.kubelet.text())+80<<10)
	if _, err := io.ReadFull(text, got); err != nil {
		t.Fatal(err)
	}
	f.kubelet.change(func() { f.kubelet.cut++ })
	f.kubelet.change(func() {
		f.kubelet.lines, f.kubelet.at = append(f.kubelet.lines, f.kubelet.partial+"end"), append(f.kubelet.at, f.kubelet.at[1])
		f.kubelet.partial = ""
		f.kubelet.cut++
	})
	f.end()
	rest, err := io.ReadAll(text)
	if all := string(got) + string(rest); err != nil || all != f.kubelet.text() {
		t.Errorf("%d bytes of %d, %v", len(all), len(f.kubelet.text()), err)
	}
	if !events.entries(t, 10) || strings.Count(events.got, "\n") != 3 {
		t.Errorf("got %.300s", events.got)
	}
}
