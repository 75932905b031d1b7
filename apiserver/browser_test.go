// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/web"
)

// A browser does not interpret the content of a log, a param or a path.
func TestCase20AnswersAreInert(t *testing.T) {
	const script = `<script>alert(1)</script>`
	f := newLogFacade()
	f.kubelet.print(1)
	f.kubelet.change(func() { f.kubelet.lines[0] = script })
	f.start()
	f.end()
	f.store.executions["run"].Spec.Params = fixture.JSON(`{"html":"` + script + `"}`)
	o := DefaultOptions()
	api := f.handler(o)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a run":       call(t, api, "GET", "/tasks/running/execution/run", ""),
		"a page":      call(t, api, "GET", "/tasks/executions/run/logs", ""),
		"a stream":    call(t, api, "GET", "/tasks/executions/run/logs?follow=true", ""),
		"text":        call(t, api, "GET", "/tasks/executions/run/logs", "", "Accept", "text/plain"),
		"a problem":   call(t, api, "GET", "/tasks/%3Cscript%3Ealert(1)%3C%2Fscript%3E", ""),
		"a 404":       call(t, api, "GET", "/%3Cscript%3E", ""),
		"a bad query": call(t, api, "DELETE", "/tasks/executions/cancel/all?%3Cscript%3E=1", ""),
	} {
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": web.Inert, "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer",
		} {
			if got := w.Header().Get(header); got != want {
				t.Errorf("%s: %s is %q", name, header, got)
			}
		}
		kind := w.Header().Get("Content-Type")
		if name == "text" {
			if kind != "text/plain; charset=utf-8" || !strings.Contains(w.Body.String(), script) {
				t.Errorf("%s as %s: %s", name, kind, w.Body)
			}
			continue
		}
		if strings.Contains(w.Body.String(), "<script") || strings.Contains(kind, "html") || kind == "" {
			t.Errorf("%s as %q: %s", name, kind, w.Body)
		}
	}
}

// A token does not make a request from another site's page acceptable.
func TestCase20OtherSites(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := facadeFor(store, newFakeGate(map[string][]string{"ann": {"everything"}}))
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		for _, c := range [][2]string{{"POST", "/tasks/sync/execute/api"}, {"DELETE", "/tasks/executions/cancel/all"}} {
			w := call(t, api, c[0], c[1], "", append(bearing("ann"), headers...)...)
			wantProblem(t, w, 403, "another site")
		}
	}
	if len(store.executions) > 0 {
		t.Error("another site ran a task")
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"} {
		wantProblem(t, call(t, api, "POST", "/tasks/sync/execute/api", `{}`, append(bearing("ann"), "Content-Type", kind)...), 415, "application/json")
	}
	for name, value := range call(t, api, "GET", "/tasks", "", append(bearing("ann"), "Origin", "https://evil.example")...).Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("another site may read: %s: %s", name, value)
		}
	}
}
