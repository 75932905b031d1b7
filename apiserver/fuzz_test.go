// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

// These tests send malformed requests. Every answer must be complete: never a 500 or a panic, always JSON or a problem
// with the request id. `make fuzz` runs them; go test runs the seeds.

const jsonType = "application/json"

// sent is one request of a fuzzer. It may have a query and headers that no client could write.
type sent struct {
	method, path, query, body string
	header                    http.Header
}

// sound sends the request and checks the form of the answer.
func (s sent) sound(t *testing.T, api http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), s.method, "/", strings.NewReader(s.body))
	r.URL = &url.URL{Path: s.path, RawQuery: s.query}
	if plain, err := url.PathUnescape(s.path); err == nil && plain != s.path {
		r.URL.Path, r.URL.RawPath = plain, s.path
	}
	for name, values := range s.header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	switch {
	case w.Code >= http.StatusInternalServerError || w.Code < http.StatusOK:
		t.Fatalf("%s %s?%s %q: %d %s", s.method, s.path, s.query, s.body, w.Code, w.Body)
	case w.Header().Get("X-Request-Id") == "":
		t.Errorf("%s %s: the answer has no id", s.method, s.path)
	case w.Code == http.StatusNoContent:
	case w.Code < http.StatusBadRequest:
		if w.Header().Get("Content-Type") == jsonType && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: no JSON: %s", s.method, s.path, w.Body)
		}
	default:
		wantProblem(t, w, w.Code, "")
	}
	return w
}

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			h[pairs[i]] = []string{pairs[i+1]}
		}
	}
	return h
}

const fuzzSchema = `{"type":"object","properties":{"mid":{"type":"integer","minimum":1},"force":{"type":"boolean","default":false},
	"list":{"type":"array","maxItems":3,"items":{"anyOf":[{"type":"string"},{"type":"number"}]}},
	"password":{"type":"string","minLength":4,"writeOnly":true},"pin":{"type":"integer","writeOnly":true}}}`

func fuzzStore() *fakeStore {
	store := newFakeStore(fixture.WithContainer(fixture.Task("sync", fuzzSchema))).add(
		fixture.Execution("a", "sync", v1alpha1.PhaseRunning), fixture.Execution("b", "sync", v1alpha1.PhaseFailed), fixture.Execution("gone", "nothing", v1alpha1.PhaseFailed))
	store.executions["b"].Spec.Params = fixture.JSON(`{"mid":1}`)
	store.schedules["n"] = &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Name: "n", Generation: 1}}
	return store
}

// seedBodies are valid bodies, and bodies that are wrong in different ways.
var seedBodies = []string{
	``, ` `, `{}`, `null`, `[]`, `"x"`, `1`, `{`, `{"`, `{}{}`, "\xff", "\x00", "\ufeff{}", `{"params":null}`, `{"params":{}}`, `{"params":{"mid":1,"force":true}}`,
	`{"params":{"mid":1e999}}`, `{"params":{"mid":1.0e0}}`, `{"params":{"mid":-0}}`, `{"params":{"x":12345678901234567890}}`, `{"params":{"x":1e308}}`,
	`{"params":{"password":"hunter2","pin":12345678901234567890}}`, `{"params":{"password":"a\u0000b"}}`, `{"params":{"password":"\ud800"}}`,
	`{"params":{"list":["a",1,{}]}}`, `{"params":{"a":1,"a":2}}`, `{"PARAMS":{"mid":1}}`, `{"params":{"":{"":null}}}`, `{"params":[{"a":"\u2028"}]}`,
	`{"params":{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}}`,
}

var seedQueries = []string{``, `dryRun=true`, `dryRun=false`, `dryRun`, `dryrun=true`, `dryRun=true&dryRun=true`, `%zz`, `a;b`, `&&&`, `dryRun=true&reason=x`, "dryRun=\xff"}

var seedKeys = []string{``, `a`, `"a"`, `"a\"b"`, `"`, "\x00", `a;b`, "同", strings.Repeat("k", 256)}

// unchanged reports whether a store has what it had before, and nothing else.
func (f *fakeStore) unchanged(before int) bool {
	return len(f.executions) == before && len(f.secrets) == 0
}

func fuzzSubmission(f *testing.F, paths ...string) {
	for i, body := range seedBodies {
		f.Add(body, jsonType, seedQueries[i%len(seedQueries)], seedKeys[i%len(seedKeys)])
		f.Add(body, jsonType, "", "")
		f.Add(body, jsonType, "dryRun=true", "k")
	}
	for _, contentType := range []string{``, `text/plain`, `application/json; charset=utf-8`, `application/json;`, "\xff"} {
		f.Add(`{"params":{"mid":1}}`, contentType, ``, ``)
	}
	f.Fuzz(func(t *testing.T, body, contentType, query, key string) {
		for _, path := range paths {
			store := fuzzStore()
			before := len(store.executions)
			request := sent{"POST", path, query, body, headers("Content-Type", contentType, submit.HeaderIdempotencyKey, key)}
			w := request.sound(t, facade(store))
			if dry := strings.Contains(w.Body.String(), `"dryRun":true`); (w.Code != http.StatusOK || dry) && !store.unchanged(before) {
				t.Errorf("%s?%s %q: %d, and something was written", path, query, body, w.Code)
			} else if w.Code == http.StatusOK && !dry && len(store.executions) != before+1 {
				t.Errorf("%s?%s %q: %d executions were made", path, query, body, len(store.executions)-before)
			}
			if key != "" && w.Code == http.StatusOK { // once more, with the same outcome
				if again := request.sound(t, facade(store)); again.Code != w.Code || len(store.executions) > before+1 {
					t.Errorf("%s?%s %q with key %q: the repetition made %d of it", path, query, body, key, again.Code)
				}
			}
		}
	})
}

func FuzzExecute(f *testing.F) {
	fuzzSubmission(f, "/tasks/sync/execute/manual", "/tasks/sync/execute/api")
}

func FuzzRerun(f *testing.F) {
	fuzzSubmission(f, "/tasks/executions/b/rerun", "/tasks/executions/gone/rerun", "/tasks/executions/nothing/rerun")
}

func FuzzCancel(f *testing.F) {
	for i, body := range append([]string{
		`{"executionIds":["a","a",""]}`, `{"executionIds":["a","nothing"],"reason":"x"}`, `{"executionIds":"a"}`, `{"executionIds":[1]}`, `{"taskNames":["sync"]}`,
		`{"taskNames":["sync","nothing"],"reason":"\u0007"}`, `{"reason":"x"}`, `{"reason":{}}`, `{"reason":1}`, `{"executionIds":null}`, `{"executionIds":["\u0000","../a"]}`,
	}, seedBodies...) {
		f.Add(body, jsonType, seedQueries[i%len(seedQueries)])
		f.Add(body, jsonType, "")
	}
	f.Add(``, ``, `reason=%00`)
	f.Add(``, ``, `reason=`+strings.Repeat("x", 1025))
	f.Fuzz(func(t *testing.T, body, contentType, query string) {
		for _, path := range []string{"by-ids", "by-task-names", "all"} {
			store := fuzzStore()
			w := sent{"DELETE", "/tasks/executions/cancel/" + path, query, body, headers("Content-Type", contentType)}.sound(t, facade(store))
			if w.Code != http.StatusOK && store.executions["a"].Spec.Cancel != nil {
				t.Errorf("%s?%s %q: %d, and it was cancelled", path, query, body, w.Code)
			}
		}
	})
}

func FuzzTriggers(f *testing.F) {
	for _, body := range append([]string{
		`{"name":"m","taskName":"sync","schedule":"30 2 * * *"}`,
		`{"name":"m","taskName":"sync","schedule":"@every 90s","timeZone":"Asia/Shanghai","jitter":1000,"startingDeadline":1000,"catchUpLimit":2,"timeout":1000,"enabled":false,"params":{"mid":1},"generation":1}`,
		`{"name":"m","taskName":"sync","schedule":"* * * * * *","params":{"password":"hunter2"}}`, `{"schedule":"TZ=UTC * * * * *"}`, `{"schedule":"0 0 30 2 *"}`, `{"timeZone":"../../etc/passwd"}`,
		`{"jitter":-1}`, `{"jitter":1e99}`, `{"jitter":9223372036854775807}`, `{"timeout":0.5}`, `{"catchUpLimit":99999999999}`, `{"generation":-1}`, `{"name":"","taskName":""}`, `{"name":"A/b"}`,
		`{"enabled":true}`, `{"enabled":"true"}`, `{"enabled":null}`, `{"createdAt":1,"ready":{}}`,
	}, seedBodies...) {
		f.Add(body, jsonType, "")
	}
	f.Add(`{}`, "text/plain", `x=1`)
	f.Fuzz(func(t *testing.T, body, contentType, query string) {
		for _, to := range [][2]string{{"POST", "/triggers/cron"}, {"PUT", "/triggers/cron/n"}, {"PUT", "/triggers/cron/nothing"}, {"POST", "/triggers/cron/n/toggle"}} {
			sent{to[0], to[1], query, body, headers("Content-Type", contentType)}.sound(t, facade(fuzzStore()))
		}
	})
}

// FuzzReads: no name in a path, query or header makes a read fail.
func FuzzReads(f *testing.F) {
	for _, name := range []string{"a", "sync", "n", "nothing", "", ".", "..", "a%2Fb", "%00", "%FF", "a b", "同步", strings.Repeat("a", 254), "%25", "execution", "a/explain"} {
		f.Add(name, "", "", "")
	}
	for _, query := range []string{
		"limit=1", "limit=0", "limit=x", "tail=5", "level=warn", "level=x", "since=10m", "since=2006-01-02T15:04:05Z", "since=-1m", "attempt=1", "container=main", "cursor=x",
		"cursor=AchnvH4Fl46ilsuosA0B2s_y9Ia18Ooxjdj_Hg", "follow=false", "timestamps=true", "limit=1&limit=2", "%zz", "tail=1&cursor=x", "x=y",
	} {
		f.Add("a", query, "", "")
		f.Add("a", query, "text/plain", "x")
	}
	f.Fuzz(func(t *testing.T, name, query, accept, lastEvent string) {
		if values, err := url.ParseQuery(query); err == nil && values.Has("follow") || strings.Contains(accept, "event-stream") {
			return // its answer lasts as long as the run
		}
		store := fuzzStore()
		for _, path := range []string{
			"/tasks/" + name, "/tasks/running/" + name, "/tasks/running/execution/" + name, "/tasks/executions/" + name + "/logs",
			"/tasks/executions/" + name + "/explain", "/triggers/cron/" + name,
		} {
			sent{"GET", path, query, "", headers("Accept", accept, "Last-Event-Id", lastEvent)}.sound(t, facade(store))
		}
	})
}
