// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
)

// A log with the printed values of sensitive params requires a right of its own. Without it, a caller gets the redacted
// tail, and the answer says so.
func TestCase59RawLogTakesARight(t *testing.T) {
	f := archivedRun(t, buckettest.S3(t, func(store http.Handler) http.Handler { return store }))
	f.gate = newFakeGate(map[string][]string{
		"viewer": {"get taskexecutions/logs"}, "operator": {"get taskexecutions/logs", "get taskexecutions/rawlogs"},
		"ofTask": {"get tasks/logs sync"}, "rawOfTask": {"get tasks/logs sync", "get tasks/rawlogs sync"},
	})
	f.recheckInterval = patience
	api := f.handler(DefaultOptions())
	page := func(user, query string) logs.LogPage {
		t.Helper()
		return ok[logs.LogPage](t, as(api, user), "GET", logPath+query, "")
	}
	if got := page("viewer", "?limit=100"); len(got.Entries) != 40 || got.Redacted {
		t.Errorf("without sensitive params a viewer reads %d entries, redacted %v", len(got.Entries), got.Redacted)
	}
	f.store.mu.Lock()
	f.store.executions["run"].Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "s", Names: []string{"password"}}
	f.store.mu.Unlock()
	for _, user := range []string{"viewer", "ofTask"} {
		got := page(user, "?limit=100")
		if len(got.Entries) != 2 || !got.Redacted || got.Reason != logs.ServedRedactedOnly || !strings.Contains(got.Message, "taskexecutions/rawlogs") {
			t.Errorf("%s reads %d entries: %+v", user, len(got.Entries), got)
		}
		for _, query := range []string{"?follow=true", "?container=main", "?attempt=1"} {
			if w := call(t, api, "GET", logPath+query, "", bearing(user)...); strings.Contains(w.Body.String(), f.kubelet.lines[0]) || strings.Contains(w.Body.String(), f.kubelet.lines[20]) {
				t.Errorf("%s reads with %s: %d %s", user, query, w.Code, w.Body)
			}
		}
		wantProblem(t, call(t, api, "GET", logPath, "", append(bearing(user), "Accept", "text/plain")...), http.StatusForbidden, "taskexecutions/rawlogs")
		wantProblem(t, call(t, api, "GET", logPath+"?follow=true", "", bearing(user)...), http.StatusForbidden, "taskexecutions/rawlogs")
	}
	for _, user := range []string{"operator", "rawOfTask"} {
		if got := page(user, "?limit=100"); len(got.Entries) != 40 || got.Reason != "" {
			t.Errorf("%s reads %d entries: %+v", user, len(got.Entries), got)
		}
		if w := call(t, api, "GET", logPath, "", append(bearing(user), "Accept", "text/plain")...); strings.Count(w.Body.String(), "\n") != 40 {
			t.Errorf("%s reads the text %q", user, w.Body)
		}
	}
}

// as returns an API that a user calls.
func as(api http.Handler, user string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+user)
		api.ServeHTTP(w, r)
	})
}
