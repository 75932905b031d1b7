// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// badHistoryQueries maps invalid queries to the error of each.
var badHistoryQueries = map[string]string{
	"taskname=sync":                 `"taskname" is unknown; there are archived, cursor, endDate, label, limit, logs, may, page, pageSize, param, sort, source, startDate, status, taskName, triggerName`,
	"limit=1&limit=2":               "limit is given 2 times",
	"limit=0":                       "from 1 to 1000",
	"limit=1001":                    "from 1 to 1000",
	"limit=-1":                      "from 1 to 1000",
	"limit=":                        "from 1 to 1000",
	"limit=1e2":                     "from 1 to 1000",
	"limit=101&logs=true":           "at most 100, or 1000 with logs=false",
	"logs=yes":                      "true or false",
	"taskName=":                     "the name of a task",
	"taskName=a/b":                  "the name of a task",
	"triggerName=":                  "the name of a schedule",
	"status=done":                   "of running, completed, failed, cancelled",
	"status=":                       "of running, completed",
	"status=failed,failed":          "each once",
	"source=cron":                   "of manual, api, schedule, change, kubectl",
	"startDate=yesterday":           "a time such as 2006-01-02T15:04:05Z, or a day",
	"startDate=2025-02-30":          "a time such as",
	"startDate=1969-12-31":          "from 1970 on",
	"endDate=2025-11-25T25:00Z":     "a time such as",
	"label=":                        "a selector of labels such as team=billing",
	"label=a+b":                     "a selector of labels",
	"label=team+in+(":               "a selector of labels",
	"param=":                        "NAME=VALUE",
	"param=mid":                     "NAME=VALUE",
	"param==1":                      "NAME=VALUE",
	"sort=duration":                 "-createdAt (newest first) or createdAt",
	"page=0":                        "from 1 to",
	"page=1&limit=5":                "page and pageSize belong together",
	"pageSize=5&cursor=MW41OmE":     "page and pageSize belong together",
	"page=101":                      "beyond the first 10000 executions; use a cursor, which has no such limit",
	"cursor=x":                      "a nextCursor of this API",
	"cursor=":                       "a nextCursor of this API",
	"sort=createdAt&cursor=MW41OmE": "the cursor belongs to a list with sort=-createdAt",
	"startDate=2025-11-26&endDate=2025-11-25": "the startDate is after the endDate",
	"a;b": "the query is not valid",
	"%zz": "the query is not valid",
}

func TestBadQueries(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning)))
	for raw, says := range badHistoryQueries {
		for _, path := range []string{"/tasks/executions", "/tasks/executions/history"} {
			t.Run(raw, func(t *testing.T) {
				wantProblem(t, call(t, api, "GET", path+"?"+raw, ""), http.StatusBadRequest, says)
			})
		}
	}
	for path, says := range map[string]string{
		"/tasks/running/sync?status=failed":                          "there are archived, cursor, label, limit, logs, may, param",
		"/tasks/running/sync?limit=101":                              "limit=101 is too much with logs: at most 100, or 1000 with logs=false",
		"/tasks/running/sync?cursor=MW81OmE":                         "the cursor belongs to a list with sort=createdAt",
		"/tasks/running/execution/a?wiat=1s":                         "there are may, wait",
		"/tasks/running/execution/a?wait=0s":                         "up to 1m0s",
		"/tasks/running/execution/a?wait=61s":                        "up to 1m0s",
		"/tasks/executions/a?wait=30":                                "a duration such as 10s",
		"/tasks/executions/a?wait=1s&wait=2s":                        "wait is given 2 times",
		"/tasks/stats/summary?status=failed":                         "the only parameter is taskName",
		"/tasks/stats/summary?taskName=A":                            "the name of a task",
		"/tasks/watch?logs=true":                                     "there are lastEventId, taskName",
		"/tasks/watch?lastEventId=-1":                                "the id of an event of this API",
		"/tasks/executions/a/watch?taskName=sync":                    "there are lastEventId, logs",
		"/tasks/executions/a/watch?lastEventId=07":                   "the id of an event of this API",
		"/tasks/executions/a/watch?lastEventId=18446744073709551616": "the id of an event of this API",
	} {
		t.Run(path, func(t *testing.T) {
			wantProblem(t, call(t, api, "GET", path, ""), http.StatusBadRequest, says)
		})
	}
	wantProblem(t, call(t, api, "DELETE", "/tasks/executions/a?force=true", ""), http.StatusBadRequest, "the only parameter is forget")
	wantProblem(t, call(t, api, "GET", "/tasks/watch", "", "Last-Event-ID", "x"), http.StatusBadRequest, "the header Last-Event-ID is")
}

// FuzzHistoryQueries: no query makes the facade fail, and an accepted query is within its bounds.
func FuzzHistoryQueries(f *testing.F) {
	for raw := range badHistoryQueries {
		f.Add(raw)
	}
	f.Add("label=team%3Dbilling&label=%21cheap&param=mid%3D1&param=a%3Db")
	f.Add("taskName=sync&status=failed,running&source=api&startDate=2025-11-25&sort=createdAt&limit=7&cursor=MW81OmE")
	api := facade(newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning)))
	f.Fuzz(func(t *testing.T, raw string) {
		for _, path := range []string{"/tasks/executions", "/tasks/running/sync", "/tasks/running/execution/a", "/tasks/stats/summary"} {
			if values, err := url.ParseQuery(raw); err == nil && values.Has("wait") {
				return // its answer takes a while
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.URL.RawQuery = raw
			w := httptest.NewRecorder()
			if api.ServeHTTP(w, r); w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
				t.Errorf("%s?%s: %d %s", path, raw, w.Code, w.Body)
			}
		}
	})
}
