// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/taskexec/taskexec/apiserver/openapi"
	"github.com/taskexec/taskexec/apiserver/openapi/conform"
	"github.com/taskexec/taskexec/apiserver/web"
)

// everything returns options for the whole API, including the paths with namespaces.
func everything() Options {
	o := DefaultOptions()
	o.AllNamespaces = true
	return o
}

// described is the API description. All requests and answers of the tests are compared with it.
var described = sync.OnceValues(func() (*conform.Checker, error) {
	made, err := describe(everything())()
	if err != nil {
		return nil, err
	}
	return conform.New(made.document)
})

// asDescribed fails the test if a request or its answer does not match the API description.
func asDescribed(t testing.TB, r *http.Request, body string, w *httptest.ResponseRecorder) {
	t.Helper()
	checker, err := described()
	if err != nil {
		t.Fatal(err)
	}
	err = checker.Check(conform.Exchange{Request: r, RequestBody: []byte(body), Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()})
	if err != nil {
		t.Errorf("not as described: %v", err)
	}
}

// checked wraps an API on a port and compares its answers too, including those that were cut off.
func checked(t testing.TB, api http.Handler) http.Handler {
	checker, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent bytes.Buffer
		received, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(received))
		recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		recorder.Tee(&sent)
		whole := false
		defer func() {
			if recorder.Status() == 0 {
				return // the client left before an answer came
			}
			e := conform.Exchange{Request: r, RequestBody: received, Status: recorder.Status(), Header: w.Header(), Body: sent.Bytes(), Partial: !whole || r.Context().Err() != nil}
			if err := checker.Check(e); err != nil {
				t.Errorf("not as described: %v", err)
			}
		}()
		api.ServeHTTP(recorder, r)
		whole = true
	})
}

func allOperations(t *testing.T) openapi.Operations {
	t.Helper()
	all, err := operations()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Every route has an operation, and every operation a route.
func TestEveryRouteIsDescribed(t *testing.T) {
	left := allOperations(t)
	check := func(key string) {
		if left[key].ID == "" {
			t.Errorf("%s has no operation: add it to operations()", key)
		}
		delete(left, key)
	}
	for _, route := range (&rooms{}).routes() {
		check(route.method + " " + route.pattern)
	}
	for _, route := range (&server{metrics: web.NewMetrics()}).platform() {
		check(route.method + " " + route.path)
	}
	for key := range left {
		t.Errorf("%s is described and has no route", key)
	}
}

// The document is valid OpenAPI, and everything in it has a description.
func TestDescription(t *testing.T) {
	if _, err := described(); err != nil {
		t.Fatal(err)
	}
	made, err := describe(everything())()
	if err != nil {
		t.Fatal(err)
	}
	var d openapi.Document
	if err := json.Unmarshal(made.document, &d); err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`^[a-z][A-Za-z]+$`)
	for path, item := range d.Paths {
		for method, o := range item {
			if !id.MatchString(o.OperationID) || o.Summary == "" || !strings.HasSuffix(o.Summary, ".") {
				t.Errorf("%s %s: id %q, summary %q", method, path, o.OperationID, o.Summary)
			}
			for status, answer := range o.Responses {
				if answer.Description == "" {
					t.Errorf("%s %s: nothing is said of %s", method, path, status)
				}
			}
			for _, p := range o.Parameters {
				if p.Description == "" {
					t.Errorf("%s %s: nothing is said of the parameter %s", method, path, p.Name)
				}
			}
		}
	}
	for name, schema := range d.Components.Schemas {
		object, _ := schema.(map[string]any)
		properties, _ := object["properties"].(map[string]any)
		if object["description"] == "" || object["description"] == nil {
			t.Errorf("nothing is said of the schema %s: comment its type and run make generate", name)
		}
		for field, p := range properties {
			property, _ := p.(map[string]any)
			if property["description"] == "" || property["description"] == nil {
				t.Errorf("nothing is said of %s.%s: comment the field and run make generate", name, field)
			}
		}
	}
}

// Generated clients use these names: changing one breaks them.
func TestOperationIDs(t *testing.T) {
	all := allOperations(t)
	for key, want := range map[string]string{
		"POST /tasks/{taskName}/execute/manual":         "executeTaskManually",
		"POST /tasks/{taskName}/execute/api":            "executeTask",
		"GET /tasks/running/execution/{executionId}":    "getRunningExecution",
		"GET /tasks/running/{taskName}":                 "listRunningExecutions",
		"GET /tasks/executions/{executionId}/logs":      "getExecutionLogs",
		"DELETE /tasks/executions/cancel/by-ids":        "cancelExecutions",
		"DELETE /tasks/executions/cancel/by-task-names": "cancelExecutionsOfTasks",
		"DELETE /tasks/executions/cancel/all":           "cancelAllExecutions",
		"GET /tasks":                                    "listTasks",
		"GET /tasks/{taskName}":                         "getTask",
		"GET /tasks/_/{taskName}":                       "getTaskByName",
		"GET /tasks/executions/_/{executionId}":         "getExecutionByID",
		"GET /tasks/executions":                         "listExecutions",
		"GET /tasks/executions/history":                 "listExecutionHistory",
		"GET /tasks/executions/{executionId}":           "getExecution",
		"DELETE /tasks/executions/{executionId}":        "deleteExecution",
		"GET /tasks/executions/{executionId}/watch":     "watchExecution",
		"GET /tasks/executions/{executionId}/explain":   "explainExecution",
		"POST /tasks/executions/{executionId}/rerun":    "rerunExecution",
		"GET /tasks/watch":                              "watchExecutions",
		"GET /tasks/stats/summary":                      "getStatistics",
		"GET /triggers/cron":                            "listSchedules",
		"POST /triggers/cron":                           "createSchedule",
		"GET /triggers/cron/{name}":                     "getSchedule",
		"PUT /triggers/cron/{name}":                     "replaceSchedule",
		"DELETE /triggers/cron/{name}":                  "deleteSchedule",
		"POST /triggers/cron/{name}/toggle":             "toggleSchedule",
		"POST /triggers/cron/{name}/run":                "runSchedule",
	} {
		if got := all[key].ID; got != want {
			t.Errorf("%s is %q, and was %q", key, got, want)
		}
	}
}

// The description fits one namespace or all: a facade describes only what it serves.
func TestDescriptionIsServed(t *testing.T) {
	api := facade(newFakeStore())
	for path, kind := range map[string]string{"/openapi.json": "application/json", "/docs": "text/html; charset=utf-8"} {
		w := call(t, api, "GET", path, "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || w.Body.Len() < 10_000 {
			t.Errorf("GET %s: %d %s, %d bytes", path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		if strings.Contains(w.Body.String(), "/namespaces/") {
			t.Errorf("GET %s speaks of namespaces, which are not served", path)
		}
		if again := call(t, api, "GET", path, "", "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("GET %s with its ETag: %d %s", path, again.Code, again.Body)
		}
		if head := call(t, api, "HEAD", path, ""); head.Code != http.StatusOK || head.Header().Get("ETag") != w.Header().Get("ETag") {
			t.Errorf("HEAD %s: %d %v", path, head.Code, head.Header())
		}
	}
	all := (&server{namespace: "default", stores: one{newFakeStore()}, metrics: web.NewMetrics()}).handler(everything())
	if w := call(t, all, "GET", "/openapi.json", ""); !strings.Contains(w.Body.String(), "/namespaces/{namespace}/tasks/{taskName}/execute/api") {
		t.Error("the namespaces that are served are not described")
	}
}

// The page works without network access and scripts: its policy allows only its own style.
func TestPage(t *testing.T) {
	w := call(t, facade(newFakeStore()), "GET", "/docs", "")
	page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, hashSource(openapi.Style)) || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for _, wrong := range []string{"<script", "src=", "http://", "style=\"", "onclick", "@import", "ZgotmplZ", "%!"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the page has %q", wrong)
		}
	}
	style, _, _ := strings.Cut(page, "</style>")
	if _, style, _ = strings.Cut(style, "<style>"); style != openapi.Style {
		t.Error("the style on the page is not the one that the policy lets pass")
	}
	for key, o := range allOperations(t) {
		if !strings.Contains(page, `id="`+o.ID+`"`) || !strings.Contains(page, `href="#`+o.ID+`"`) {
			t.Errorf("the page lacks %s", key)
		}
	}
	for _, wanted := range []string{`id="schema-Execution"`, `href="#schema-Execution"`, "Idempotency-Key", "text/event-stream", "curl -s -X POST"} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page lacks %s", wanted)
		}
	}
}
