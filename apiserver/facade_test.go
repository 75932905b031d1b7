// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/web"
)

// facade returns the whole API over a store.
func facade(store Store) http.Handler {
	return (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}).handler(DefaultOptions())
}

// call sends a request. A body is sent as JSON, unless headers (name, value, name, value) say otherwise. Request and
// answer must match the API description.
func call(t testing.TB, api http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	asDescribed(t, r, body, w)
	return w
}

// ok sends a request, requires 200 and JSON, and returns the decoded answer.
func ok[T any](t testing.TB, api http.Handler, method, path, body string) (answer T) {
	t.Helper()
	w := call(t, api, method, path, body)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s %s: %d %s %s", method, path, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return answer
}

// newRecorder returns a recorder with a request id.
func newRecorder() *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", "id")
	return w
}

// wantProblem checks that an answer is a complete problem with a status, and that its detail contains a text.
func wantProblem(t testing.TB, w *httptest.ResponseRecorder, status int, says string) (p web.Problem) {
	t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%d %s %s, want a problem %d", w.Code, w.Header().Get("Content-Type"), w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if p.Status != status || p.Title != http.StatusText(status) || p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("the problem is not whole: %s", w.Body)
	}
	if p.Detail == "" || !strings.Contains(p.Detail, says) {
		t.Errorf("it says %q, want something about %q", p.Detail, says)
	}
	return p
}
