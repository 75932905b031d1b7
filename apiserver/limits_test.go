// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/web"
)

func TestWritesOfACallerAreRationed(t *testing.T) { synctest.Test(t, writesOfACallerAreRationed) } // on a fake clock

func writesOfACallerAreRationed(t *testing.T) {
	t.Helper()
	g := newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"everything"}})
	api := facadeFor(newFakeStore(fixture.Task("sync")), g, func(o *Options) { o.MaxWrites = 0.2 })
	write := func(user string) *httptest.ResponseRecorder {
		return call(t, api, "POST", "/tasks/sync/execute/api", "", bearing(user)...)
	}
	for range 2 { // the quota of ten seconds
		if w := write("ann"); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	w := write("ann")
	wantProblem(t, w, http.StatusTooManyRequests, `"ann" sent too many writes (--max-writes-per-second); retry in 5 s`)
	if w.Header().Get("Retry-After") != "5" {
		t.Errorf("Retry-After: %s", w.Header().Get("Retry-After"))
	}
	if w := write("bob"); w.Code != http.StatusOK {
		t.Errorf("another caller: %d", w.Code)
	}
	// Reads are not limited by default: one poller may do thousands a second, from memory.
	for range 5000 {
		if w := call(t, api, "GET", "/tasks/sync", "", bearing("ann")...); w.Code != http.StatusOK {
			t.Fatalf("a read: %d %s", w.Code, w.Body)
		}
	}
	if got := call(t, api, "GET", "/metrics", "", bearing("ann")...).Body.String(); !strings.Contains(got, `taskexec_http_requests_limited_total{limit="writes"} 1`) {
		t.Error("the refusal is not counted")
	}
}

func TestReadsOfACallerAreRationed(t *testing.T) { synctest.Test(t, readsOfACallerAreRationed) } // on a fake clock

func readsOfACallerAreRationed(t *testing.T) {
	t.Helper()
	api := facadeFor(newFakeStore(fixture.Task("sync")), newFakeGate(map[string][]string{"ann": {"everything"}}), func(o *Options) { o.MaxReads = 0.1 })
	if w := call(t, api, "HEAD", "/tasks/sync", "", bearing("ann")...); w.Code != http.StatusOK {
		t.Fatalf("%d", w.Code)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/sync", "", bearing("ann")...), http.StatusTooManyRequests, "too many reads")
	if w := call(t, api, "POST", "/tasks/sync/execute/api", "", bearing("ann")...); w.Code != http.StatusOK {
		t.Errorf("a write counts as a read: %d", w.Code)
	}
}

func TestRequestsInFlight(t *testing.T) {
	store := blocking{newFakeStore(), make(chan struct{}), make(chan struct{})}
	s := &server{namespace: "default", stores: one{store}, metrics: web.NewMetrics()}
	o := DefaultOptions()
	o.MaxInFlight = 1
	api := s.handler(o)
	done := make(chan struct{})
	go func() {
		defer close(done)
		call(t, api, "GET", "/tasks", "")
	}()
	<-store.entered
	w := call(t, api, "GET", "/tasks/sync", "")
	wantProblem(t, w, http.StatusTooManyRequests, "too many requests at once: 1 are being served (--max-requests-in-flight)")
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %s", w.Header().Get("Retry-After"))
	}
	if w := call(t, api, "GET", "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("a probe: %d", w.Code)
	}
	got := call(t, api, "GET", "/metrics", "").Body.String()
	for _, want := range []string{`taskexec_http_requests_limited_total{limit="inFlight"} 1`, "taskexec_http_requests_in_flight 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	close(store.letGo)
	<-done
	if w := call(t, api, "GET", "/tasks/sync", ""); w.Code != http.StatusNotFound {
		t.Errorf("when there is a place again: %d", w.Code)
	}
}
