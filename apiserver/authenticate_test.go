// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/taskexec/taskexec/apiserver/fixture"
)

func TestUnknownCallers(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"everything"}})
	api := facadeFor(newFakeStore(fixture.Task("sync")), g)
	for name, c := range map[string]struct {
		headers   []string
		challenge string
		says      string
		reviewed  int
	}{
		"no token":        {nil, `Bearer realm="taskexec"`, "a token is required", 0},
		"a wrong token":   {bearing("nothing"), `Bearer realm="taskexec", error="invalid_token"`, "not for this API (audience taskexec)", 1},
		"no scheme":       {[]string{"Authorization", "ann"}, `Bearer realm="taskexec"`, "must be sent once, as Bearer", 0},
		"a scheme only":   {[]string{"Authorization", "Bearer"}, `Bearer realm="taskexec"`, "must be sent once", 0},
		"an empty token":  {[]string{"Authorization", "Bearer "}, `Bearer realm="taskexec"`, "must be sent once", 0},
		"another scheme":  {[]string{"Authorization", "Basic YW5uOmFubg=="}, `Bearer realm="taskexec"`, "must be sent once", 0},
		"two words":       {[]string{"Authorization", "Bearer ann nothing"}, `Bearer realm="taskexec"`, "must be sent once", 0},
		"by a websocket":  {[]string{"Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.YW5u, x", "Upgrade", "websocket", "Connection", "Upgrade"}, `Bearer realm="taskexec"`, "a token is required", 0},
		"by another name": {[]string{"X-Remote-User", "ann"}, `Bearer realm="taskexec"`, "a token is required", 0},
	} {
		t.Run(name, func(t *testing.T) {
			g.reviewed = 0
			// Existing objects, missing objects and unknown routes give the same answer.
			for _, path := range []string{"/tasks/sync", "/tasks/nothing", "/no/such/path", "/", "/healthz/", "//healthz", "/metrics"} {
				w := call(t, api, "GET", path, "", c.headers...)
				wantProblem(t, w, http.StatusUnauthorized, c.says)
				if got := w.Header().Get("WWW-Authenticate"); got != c.challenge {
					t.Errorf("%s: WWW-Authenticate is %s", path, got)
				}
				if (g.reviewed > 0) != (c.reviewed > 0) {
					t.Errorf("%s: %d reviews", path, g.reviewed)
				}
			}
			wantProblem(t, call(t, api, "BREW", "/tasks", "", c.headers...), http.StatusUnauthorized, c.says)
		})
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/tasks", nil)
	r.Header["Authorization"] = []string{"Bearer ann", "Bearer ann"}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	wantProblem(t, w, http.StatusUnauthorized, "must be sent once")
}

func TestKnownCallers(t *testing.T) {
	api := facadeFor(newFakeStore(fixture.Task("sync")), newFakeGate(map[string][]string{"ann": {"everything"}}))
	for _, header := range []string{"Bearer ann", "bearer ann", "BEARER ann"} {
		if w := call(t, api, "GET", "/tasks/sync", "", "Authorization", header); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", header, w.Code, w.Body)
		}
	}
	wantProblem(t, call(t, api, "GET", "/no/such/path", "", bearing("ann")...), http.StatusNotFound, "there is nothing at")
	wantProblem(t, call(t, api, "POST", "/tasks", "", bearing("ann")...), http.StatusMethodNotAllowed, "only GET, HEAD")
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := call(t, api, "GET", path, ""); w.Code == http.StatusUnauthorized {
			t.Errorf("%s is not open", path)
		}
	}
}

// /metrics also accepts a token for the API server, such as Prometheus has. No other route does.
func TestMetricsTakeTheTokenOfTheAPIServer(t *testing.T) {
	g := newFakeGate(map[string][]string{"prometheus": {"get /metrics"}, "ann": {"get tasks *", "list tasks"}})
	g.forAPIServer["prometheus.apiserver"], g.forAPIServer["ann.apiserver"] = true, true
	api := facadeFor(newFakeStore(fixture.Task("sync")), g)
	for _, token := range []string{"prometheus", "prometheus.apiserver"} {
		if w := call(t, api, "GET", "/metrics", "", bearing(token)...); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "taskexec_http_requests_in_flight") {
			t.Errorf("%s: %d", token, w.Code)
		}
	}
	wantProblem(t, call(t, api, "GET", "/metrics", "", bearing("ann")...), http.StatusForbidden, `"ann" may not get /metrics`)
	wantProblem(t, call(t, api, "GET", "/metrics", "", bearing("ann.apiserver")...), http.StatusForbidden, `"ann" may not get /metrics`)
	wantProblem(t, call(t, api, "GET", "/tasks", "", bearing("ann.apiserver")...), http.StatusUnauthorized, "not valid here")
}

// If a caller cannot be checked, it is not let through, and is not told why.
func TestNobodyIsLetThroughUnasked(t *testing.T) {
	g := newFakeGate(map[string][]string{"ann": {"everything"}})
	log := &logged{}
	api := facadeFor(newFakeStore(fixture.Task("sync")), g, func(o *Options) { o.Log = log.logger() })
	g.away = errors.New("dial tcp 10.96.0.1: refused")
	for _, token := range []string{"ann", "nothing"} {
		w := call(t, api, "GET", "/tasks", "", bearing(token)...)
		p := wantProblem(t, w, http.StatusServiceUnavailable, "cannot check the token and its rights")
		if strings.Contains(p.Detail, "10.96") || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s %v", p.Detail, w.Header())
		}
	}
	if !strings.Contains(log.String(), "10.96") {
		t.Error("the log does not say what was the matter")
	}
	if strings.Contains(log.String(), "Bearer") {
		t.Error("the log has a token")
	}
}

// Guesses from one address are checked ever more slowly. A valid token from that address still works.
func TestGuessing(t *testing.T) { synctest.Test(t, guessing) } // on a fake clock

func guessing(t *testing.T) {
	t.Helper()
	g := newFakeGate(map[string][]string{"ann": {"everything"}, "bob": {"everything"}})
	api := facadeFor(newFakeStore(), g, func(o *Options) { o.MaxFailures = 0.1 })
	if w := call(t, api, "GET", "/tasks", "", bearing("ann")...); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	wantProblem(t, call(t, api, "GET", "/tasks", "", bearing("guess1")...), http.StatusUnauthorized, "not valid")
	w := call(t, api, "GET", "/tasks", "", bearing("guess2")...)
	wantProblem(t, w, http.StatusTooManyRequests, "--max-failures-per-second")
	if w.Header().Get("Retry-After") != "10" {
		t.Errorf("Retry-After %s", w.Header().Get("Retry-After"))
	}
	if w := call(t, api, "GET", "/tasks", "", bearing("bob")...); w.Code != http.StatusOK {
		t.Errorf("who comes for the first time, from the same address, is shut out: %d", w.Code)
	}
	if w := call(t, api, "GET", "/tasks", "", bearing("ann")...); w.Code != http.StatusOK {
		t.Errorf("who was known is shut out: %d", w.Code)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/tasks", nil)
	r.RemoteAddr = "192.0.2.9:1"
	r.Header.Set("Authorization", "Bearer bob")
	other := httptest.NewRecorder()
	api.ServeHTTP(other, r)
	if other.Code != http.StatusOK {
		t.Errorf("another address is shut out: %d", other.Code)
	}
	if got := call(t, api, "GET", "/metrics", "", bearing("ann")...).Body.String(); !strings.Contains(got, `taskexec_http_requests_limited_total{limit="failures"} 1`) {
		t.Error("the refusals are not counted")
	}
}
