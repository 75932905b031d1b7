// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/web"
)

// lastingFacade is a facade with a log to follow. It rechecks the callers' rights very often.
func lastingFacade(t *testing.T, g *fakeGate) (f *logFacade, url string) {
	t.Helper()
	f = newLogFacade()
	f.gate, f.recheckInterval = g, time.Millisecond
	o := DefaultOptions()
	o.MaxInFlight = 1
	web := httptest.NewServer(f.handler(o))
	t.Cleanup(web.Close)
	f.start()
	return f, web.URL
}

func streamed(t *testing.T, url, token string) (status int, body *bufio.Reader) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/tasks/executions/run/logs?follow=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer.StatusCode, bufio.NewReader(answer.Body)
}

// A stream lasts as long as its caller has the right. It is cut off when not, whatever the reason.
func TestStreamsAreRechecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeGate)
		status int
	}{
		"the token expired":         {func(g *fakeGate) { g.bad["ann"] = true }, http.StatusUnauthorized},
		"the rights were taken":     {func(g *fakeGate) { g.rules["ann"] = []string{"other"} }, http.StatusForbidden},
		"nobody can be asked":       {func(g *fakeGate) { g.away = errors.New("away") }, http.StatusServiceUnavailable},
		"the user is another's now": {func(g *fakeGate) { delete(g.rules, "ann") }, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			g := newFakeGate(map[string][]string{"ann": {"get taskexecutions/logs *"}})
			f, url := lastingFacade(t, g)
			status, body := streamed(t, url, "ann")
			if status != http.StatusOK {
				t.Fatalf("%d", status)
			}
			g.questions()
			until(t, "it is asked again, and the stream stays", func() bool {
				g.mu.Lock()
				defer g.mu.Unlock()
				return len(g.asked) > 3
			})
			g.change(func() { c.change(g) })
			rest, err := io.ReadAll(body)
			if err == nil {
				t.Errorf("it ended as if it were whole, with %q", rest)
			}
			f.wantIdle(t)
			again, _ := streamed(t, url, "ann")
			if again != c.status {
				t.Errorf("who comes again gets %d, want %d", again, c.status)
			}
		})
	}
}

// flaky is a gate that fails every second time.
type flaky struct {
	*fakeGate
	calls atomic.Int32
}

func (f *flaky) Authenticate(ctx context.Context, token string) (user.Info, error) {
	if f.calls.Add(1)%2 == 0 {
		return nil, errors.New("away")
	}
	return f.fakeGate.Authenticate(ctx, token)
}

// Streams survive a short outage of the API server.
func TestStreamsOutliveADoubt(t *testing.T) {
	g := &flaky{fakeGate: newFakeGate(map[string][]string{"ann": {"everything"}})}
	s := gated(newFakeStore(), g)
	s.recheckInterval = time.Millisecond
	s.furnish(DefaultOptions())
	in := &access.Scope{Guard: s.guard, Namespace: "default", Who: &access.Caller{Credential: access.Credential{Token: "ann"}}}
	in.Who.User, _ = g.Authenticate(t.Context(), "ann")
	routed := fixture.RoutedRequest(t, "/")
	ctx, cancel := context.WithCancel(routed.Context())
	ended := make(chan error, 1)
	go func() { ended <- in.Recheck(routed.WithContext(ctx), access.RightTo("list", "taskexecutions", "")) }()
	until(t, "it was asked often", func() bool { return g.calls.Load() > 20 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it was cut off: %v", err)
	}
}

// A stream gives its request place back and no longer counts as a request.
func TestStreamsAreNotInFlight(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"everything"}})
	f, url := lastingFacade(t, g) // one request at once
	for range 3 {
		if status, _ := streamed(t, url, "ann"); status != http.StatusOK {
			t.Fatalf("%d", status)
		}
	}
	until(t, "three logs are read", func() bool { return len(f.logs.Places) == 3 })
	f.end()
	f.wantIdle(t)
}

// If a request is refused before its answer begins, the answer is a problem, not a broken connection.
func TestRefusedBeforeItBegan(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"everything"}})
	s := gated(newFakeStore(), g)
	s.recheckInterval = time.Millisecond
	s.furnish(DefaultOptions())
	in := &access.Scope{Guard: s.guard, Namespace: "default", Who: &access.Caller{Credential: access.Credential{Token: "ann"}}}
	in.Who.User, _ = g.Authenticate(t.Context(), "ann")
	g.change(func() { g.bad["ann"] = true })
	waits := web.Handler(func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	w, r := newRecorder(), fixture.RoutedRequest(t, "/")
	r = r.WithContext(context.WithValue(r.Context(), web.RequestIDKey{}, "id"))
	web.Handler(func(w http.ResponseWriter, r *http.Request) error {
		return in.ServeWhileAllowed(access.RightTo("list", "taskexecutions", ""), waits, w, r)
	}).ServeHTTP(w, r)
	wantProblem(t, w, http.StatusUnauthorized, "no longer valid")
}
