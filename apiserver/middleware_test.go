// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// logged is a log buffer that a test can read.
type logged struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logged) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines.WriteString(prefix + args + "\n")
	}, funcr.Options{})
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func TestRequestID(t *testing.T) {
	api := facade(newFakeStore())
	for given, kept := range map[string]bool{
		"abc-123_4.5":           true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"two words":             false,
		"a\"b":                  false,
		"":                      false,
		"ünïcode":               false,
	} {
		got := call(t, api, "GET", "/healthz", "", "X-Request-Id", given).Header().Get("X-Request-Id")
		if got == "" || (got == given) != kept {
			t.Errorf("sent %q, got %q", given, got)
		}
	}
}

func TestPanic(t *testing.T) {
	log := &logged{}
	s := &server{namespace: "default", stores: one{panicking{newFakeStore()}}, metrics: web.NewMetrics()}
	o := DefaultOptions()
	o.Log = log.logger()
	api := s.handler(o)
	wantProblem(t, call(t, api, "GET", "/tasks", ""), http.StatusInternalServerError, "the facade failed")
	if got := log.String(); !strings.Contains(got, "boom") || !strings.Contains(got, "middleware_test.go") || !strings.Contains(got, "requestID") {
		t.Errorf("the log lacks the cause, the stack or the request: %s", got)
	}
	if w := call(t, api, "GET", "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("the next request: %d", w.Code)
	}
}

// panicking is a Store with a bug.
type panicking struct{ Store }

func (panicking) Tasks(context.Context) ([]v1alpha1.Task, error) { panic("boom") }

// An internal error is logged with its cause, which the client does not see. Bodies are never logged.
func TestLog(t *testing.T) {
	log := &logged{}
	store := newFakeStore(fixture.Task("sync"))
	store.fail = func(operation, _ string) error {
		if operation == "create" {
			return errors.New("the cause")
		}
		return nil
	}
	o := DefaultOptions()
	o.Log = log.logger()
	w := call(t, (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}).handler(o), "POST", "/tasks/sync/execute/manual", `{"params":{"password":"hunter2"}}`)
	wantProblem(t, w, http.StatusInternalServerError, "")
	if strings.Contains(w.Body.String(), "the cause") {
		t.Errorf("the client was told %s", w.Body)
	}
	got := log.String()
	for _, want := range []string{"the cause", "/tasks/{taskName}/execute/manual", w.Header().Get("X-Request-Id"), `"status"=500`} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q: %s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Errorf("the log has the body: %s", got)
	}
}

// Secrets in queries, headers and bodies are never logged, whatever the outcome of the request.
func TestLogHasNoSecrets(t *testing.T) {
	log := &logged{}
	store := newFakeStore(fixture.Task("sync"))
	o := DefaultOptions()
	o.Log = log.logger()
	api := (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}).handler(o)
	secrets := []string{submit.HeaderIdempotencyKey, "hunter2", "Authorization", "Bearer hunter2", "Cookie", "session=hunter2"}
	for _, fail := range []bool{false, true} {
		if fail {
			store.fail = func(string, string) error { return errors.New("the cause") }
		}
		call(t, api, "POST", "/tasks/sync/execute/manual", `{"params":{"password":"hunter2"}}`, secrets...)
		call(t, api, "GET", "/tasks/executions/x/logs?cursor=hunter2", "", secrets...)
		call(t, api, "DELETE", "/tasks/executions/cancel/all?reason=hunter2", `{}`, secrets...)
	}
	if got := log.String(); strings.Contains(got, "hunter2") || strings.Count(got, `"Request"`) != 6 {
		t.Errorf("the log is %s", got)
	}
}

func TestMetrics(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync"), fixture.Task("other")))
	for _, c := range [][2]string{
		{"GET", "/tasks/sync"},
		{"GET", "/tasks/other"},
		{"GET", "/tasks/nothing"},
		{"GET", "/no/such/path"},
		{"BREW", "/tasks/sync"},
		{"POST", "/tasks/running/execution/x"},
	} {
		call(t, api, c[0], c[1], "")
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	store := newFakeStore()
	store.fail = func(string, string) error { return context.Canceled }
	away := &server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), timeout: time.Minute}
	w := httptest.NewRecorder()
	away.handler(DefaultOptions()).ServeHTTP(w, httptest.NewRequestWithContext(gone, "GET", "/tasks", nil))

	got := call(t, api, "GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`taskexec_http_request_duration_seconds_count{code="200",method="GET",route="/tasks/{taskName}"} 2`,
		`taskexec_http_request_duration_seconds_count{code="404",method="GET",route="/tasks/{taskName}"} 1`,
		`taskexec_http_request_duration_seconds_count{code="404",method="GET",route="none"} 1`,
		`taskexec_http_request_duration_seconds_count{code="405",method="other",route="none"} 1`,
		`taskexec_http_response_size_bytes_count{method="GET",route="/tasks/{taskName}"} 3`,
		"taskexec_http_streams_open 0",
		"go_goroutines ", "process_start_time_seconds ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	for _, name := range []string{"sync", "nothing", "such", "BREW"} {
		if strings.Contains(got, name) {
			t.Errorf("/metrics has what a client wrote: %s", name)
		}
	}
	if left := call(t, away.handler(DefaultOptions()), "GET", "/metrics", "").Body.String(); !strings.Contains(left, `code="499"`) {
		t.Error("a client that left is not counted as one")
	}
}
