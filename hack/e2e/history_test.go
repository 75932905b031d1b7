// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A client waits for a run, watches it to its end, finds it in the history, counts it and deletes it.
func TestHistoryOfARun(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo begun; sleep 2`))
	id := execute(t, name, nil)
	watch, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/tasks/executions/"+id+"/watch", nil)
	if err != nil {
		t.Fatal(err)
	}
	watch.Header.Set("Authorization", "Bearer "+token)
	stream, err := (&http.Client{Timeout: patience, Transport: traffic}).Do(watch)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	var events []string
	for scanner := bufio.NewScanner(stream.Body); scanner.Scan(); {
		if event, found := strings.CutPrefix(scanner.Text(), "event: "); found {
			events = append(events, event)
		}
	}
	if n := len(events); n < 2 || events[0] != "execution" || events[n-1] != "end" {
		t.Errorf("the stream had %v", events)
	}
	e := ask[execution](t, "GET", "/tasks/executions/"+id+"?wait=10s", nil)
	if e.Status != "completed" {
		t.Errorf("after its end it reads %s", text(e))
	}
	page := ask[struct{ Executions []json.RawMessage }](t, "GET", "/tasks/executions?status=completed&taskName="+name, nil)
	if len(page.Executions) != 1 || strings.Contains(string(page.Executions[0]), `"logs"`) {
		t.Errorf("the history has %s", text(page))
	}
	stats := ask[struct {
		Total, Completed int
		AvgDuration      *int64
	}](t, "GET", "/tasks/stats/summary?taskName="+name, nil)
	if stats.Total != 1 || stats.Completed != 1 || stats.AvgDuration == nil || *stats.AvgDuration < 1000 {
		t.Errorf("the statistics are %s", text(stats))
	}
	if r := call(t, "DELETE", "/tasks/executions/"+id, nil); r.code != http.StatusNoContent {
		t.Fatalf("deleting it: %s", r.text())
	}
	if r := call(t, "GET", "/tasks/executions/history?archived=false&taskName="+name, nil); r.code != http.StatusOK || strings.Contains(string(r.body), id) {
		t.Errorf("the live runs after its deletion: %s", r.text())
	}
	// The archive keeps it, if it was recorded before.
	if r := call(t, "GET", "/tasks/executions/"+id, nil); r.code != http.StatusNotFound && !strings.Contains(string(r.body), `"archived":true`) {
		t.Errorf("after its deletion: %s", r.text())
	}
}

// A long poll answers as soon as the run changes, and not only at its timeout.
func TestLongPoll(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo begun; exec sleep 300`))
	id := execute(t, name, nil)
	printed(t, id, "begun")
	path := "/tasks/running/execution/" + id
	tag := call(t, "GET", path, nil).header.Get("ETag")
	cancelled := make(chan error, 1)
	go func() {
		_, err := send(t.Context(), "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}})
		cancelled <- err
	}()
	for e := (execution{}); e.Status != "cancelled"; {
		r := call(t, "GET", path+"?wait=25s", nil, "If-None-Match", tag)
		if tag = r.header.Get("ETag"); r.code != http.StatusOK { // the long poll timed out
			t.Fatalf("waiting for the cancel: %s", r.text())
		}
		if err := json.Unmarshal(r.body, &e); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-cancelled; err != nil {
		t.Fatal(err)
	}
	if r := call(t, "DELETE", "/tasks/executions/"+id, nil); r.code != http.StatusConflict && r.code != http.StatusNoContent {
		t.Errorf("deleting it while it may be ending: %s", r.text())
	}
}
