// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/limit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// slowGate takes questionTime for each answer, as an API server does.
type slowGate struct {
	*fakeGate
	// asking counts the current questions about each user; most is the highest count so far.
	asking, most map[string]int
}

func newSlowGate(rules map[string][]string) slowGate {
	return slowGate{newFakeGate(rules), map[string]int{}, map[string]int{}}
}

const questionTime = time.Millisecond

func (g slowGate) Authenticate(ctx context.Context, token string) (user.Info, error) {
	time.Sleep(questionTime) //nolint:forbidigo // the clock is the test's own
	return g.fakeGate.Authenticate(ctx, token)
}

func (g slowGate) Allowed(ctx context.Context, u user.Info, q auth.Question) (bool, error) {
	g.change(func() {
		g.asking[u.GetName()]++
		g.most[u.GetName()] = max(g.most[u.GetName()], g.asking[u.GetName()])
	})
	time.Sleep(questionTime) //nolint:forbidigo // the clock is the test's own
	g.change(func() { g.asking[u.GetName()]-- })
	return g.fakeGate.Allowed(ctx, u, q)
}

// examplePath returns a path for a route's pattern. Its query makes the request last, if the route supports that.
func examplePath(r route) string {
	path := strings.NewReplacer("{taskName}", "sync", "{executionId}", "a", "{name}", "nightly").Replace(r.pattern)
	switch {
	case strings.HasSuffix(path, "/logs"):
		return path + "?follow=true"
	case strings.HasSuffix(path, "/explain"), strings.HasSuffix(path, "/task"), strings.HasSuffix(path, "/diff"):
		return path
	case r.method == http.MethodGet && r.right.Verb == "get" && r.right.Resource == "taskexecutions":
		return path + "?wait=30s"
	}
	return path
}

// stuckBody is a body that has its first byte and does not end until it is released.
type stuckBody struct {
	io.Reader
	*io.PipeReader
}

func (b stuckBody) Read(p []byte) (int, error) { return b.Reader.Read(p) }

// hold sends concurrent requests of one caller with bodies that do not end. letGo ends them and waits for their
// answers.
func hold(t *testing.T, api http.Handler, token, method, path string, requests int) (letGo func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var ends []*io.PipeWriter
	for range requests {
		pipe, end := io.Pipe()
		ends = append(ends, end)
		r := httptest.NewRequestWithContext(ctx, method, path, stuckBody{io.MultiReader(strings.NewReader("{"), pipe), pipe})
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		group.Go(func() {
			defer func() { _ = recover() }() // a stream ends by a panic, like a broken connection
			api.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	return func() {
		cancel()
		for _, end := range ends {
			_ = end.Close() // never fails
		}
		group.Wait()
	}
}

// answersOf returns how long a caller waits for the slowest of several answers. It uses the test's own clock, so it
// measures waiting for turns, places and the gate, not the speed of the machine.
func answersOf(t *testing.T, api http.Handler, token string) (slowest time.Duration) {
	t.Helper()
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/tasks", ""},
		{"GET", "/tasks/sync", ""},
		{"GET", "/tasks/executions/a", ""},
		{"GET", "/tasks/executions", ""},
		{"POST", "/tasks/sync/execute/api?dryRun=true", `{"params":{}}`},
		{"DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["nothing"]}`},
		{"GET", "/tasks/executions/a?wait=1ms", ""},
		{"GET", "/metrics", ""},
	} {
		begun := time.Now()
		if w := call(t, api, c.method, c.path, c.body, bearing(token)...); w.Code != http.StatusOK {
			t.Errorf("%s %s of %s is answered with %d %s", c.method, c.path, token, w.Code, w.Body)
		}
		slowest = max(slowest, time.Since(begun))
	}
	return slowest
}

// heldBeyondShare lists the kinds of places where one caller holds more than its share.
func (s *server) heldBeyondShare(who string) (beyond []string) {
	for kind, places := range map[string]*limit.Places{
		"bodies": s.guard.Admission.Bodies, "requests": s.guard.Admission.Places, "requests that may be refused yet": s.guard.Admission.Unsure,
		"watchers": s.logs.Watching, "log readers": s.logs.Reading,
	} {
		if _, share := places.Most(); places.Held(who) > share {
			beyond = append(beyond, kind)
		}
	}
	return beyond
}

// On any route, with all rights or none, a hostile caller that opens many connections with endless requests gets no
// more than its share. Another caller is answered as fast as without it.
func TestCase50EachRouteBesideAHostileCaller(t *testing.T) {
	all := (&rooms{}).routes()
	for _, p := range (&server{metrics: web.NewMetrics()}).platform() {
		all = append(all, route{method: p.method, pattern: p.path})
	}
	all = append(all, route{method: http.MethodPost, pattern: "/no/such/path"})
	for _, route := range all {
		for _, rights := range []string{"nothing", "everything"} {
			t.Run(route.method+" "+route.pattern+" by who may do "+rights, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // on a fake clock, which stands still while a goroutine runs
					store := newWatchedStore()
					store.put("a", "sync", v1alpha1.PhaseRunning)
					g := newSlowGate(map[string][]string{"ann": {"everything"}, "mallory": {rights}})
					s := gated(store, g)
					o := DefaultOptions()
					o.MaxInFlight, o.MaxWrites = 40, 0
					api := s.handler(o)
					alone := answersOf(t, api, "ann")
					letGo := hold(t, api, "mallory", route.method, examplePath(route), 2*o.MaxInFlight)
					beside := answersOf(t, api, "ann")
					synctest.Wait()
					if beyond := s.heldBeyondShare("mallory"); len(beyond) > 0 {
						t.Errorf("it holds more than its share of the %s", beyond)
					}
					beside = max(beside, answersOf(t, api, "ann"))
					g.change(func() {
						if most := g.most["mallory"]; most > access.QuestionsAtOnce {
							t.Errorf("%d questions about it were asked at once", most)
						}
					})
					if beside > 2*alone {
						t.Errorf("another waits %s, and %s alone", beside, alone)
					}
					letGo()
					synctest.Wait()
					for who, places := range map[string]*limit.Places{"bodies": s.guard.Admission.Bodies, "requests": s.guard.Admission.Places, "unsure": s.guard.Admission.Unsure, "watchers": s.logs.Watching, "logs": s.logs.Reading} {
						if n := places.Held("mallory"); n != 0 {
							t.Errorf("%d places of %s are not given back", n, who)
						}
					}
				})
			})
		}
	}
}

// Waiting requests hold no request place. As many of them wait as one caller's share allows.
func TestCase50WhatWaitsHoldsNoPlace(t *testing.T) {
	waits := 0
	for _, route := range (&rooms{}).routes() {
		path := examplePath(route)
		if !route.lasting && !strings.Contains(path, "?wait=") {
			continue
		}
		waits++
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newWatchedStore()
				store.put("a", "sync", v1alpha1.PhaseRunning)
				s := gated(store, newFakeGate(map[string][]string{"mallory": {"everything"}}))
				letGo := hold(t, s.handler(DefaultOptions()), "mallory", route.method, path, hostileConnections)
				defer letGo()
				synctest.Wait()
				if n := s.guard.Admission.Places.Held("mallory"); n != 0 {
					t.Errorf("%d places are held", n)
				}
				lasting := map[string]*limit.Places{"watchers": s.logs.Watching, "logs": s.logs.Reading}
				if !slices.ContainsFunc([]string{"watchers", "logs"}, func(kind string) bool {
					_, share := lasting[kind].Most()
					return lasting[kind].Held("mallory") == share
				}) {
					t.Errorf("it waits with %d watchers and %d logs, none of which is a share", s.logs.Watching.Held("mallory"), s.logs.Reading.Held("mallory"))
				}
			})
		})
	}
	if waits < 6 {
		t.Errorf("%d routes wait", waits)
	}
}
