// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
)

func queried(t testing.TB, raw string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/tasks/executions", nil)
	r.URL.RawQuery = raw
	return r
}

func TestHistoryQuery(t *testing.T) {
	cursor := runindex.Cursor{After: runindex.Position{Created: 5, Name: "a"}, OldestFirst: true}
	day := time.Date(2025, 11, 25, 0, 0, 0, 0, time.UTC)
	for raw, want := range map[string]historyQuery{
		"":                              {limit: 100},
		"limit=1000":                    {limit: 1000},
		"limit=100&logs=true":           {limit: 100, logs: "true", withLogs: true},
		"limit=1000&logs=false":         {limit: 1000, logs: "false"},
		"taskName=sync&triggerName=n+1": {limit: 100, taskName: "sync", triggerName: "n 1"},
		"status=failed,cancelled":       {limit: 100, statuses: []string{"failed", "cancelled"}},
		"source=api":                    {limit: 100, sources: []v1alpha1.TriggerSource{"api"}},
		"startDate=2025-11-25&endDate=2025-11-25":          {limit: 100, from: day, to: day.Add(24*time.Hour - 1)},
		"startDate=2025-11-25T08:00:00%2B08:00":            {limit: 100, from: day},
		"endDate=2025-11-25T00:00:00.5Z":                   {limit: 100, to: day.Add(time.Second / 2)},
		"sort=createdAt":                                   {limit: 100, sort: "createdAt"},
		"page=2":                                           {limit: 100, page: 2, pageSize: 100},
		"pageSize=20":                                      {limit: 20, page: 1, pageSize: 20},
		"page=100&pageSize=100":                            {limit: 100, page: 100, pageSize: 100},
		"cursor=" + cursor.String():                        {limit: 100, cursor: &cursor, sort: "createdAt"},
		"sort=createdAt&limit=5&cursor=" + cursor.String(): {limit: 5, cursor: &cursor, sort: "createdAt"},
	} {
		got, err := historyQueryOf(queried(t, raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if !got.from.Equal(want.from) || !got.to.Equal(want.to) {
			t.Errorf("%s: from %s to %s, want %s to %s", raw, got.from, got.to, want.from, want.to)
		}
		got.from, got.to, want.from, want.to = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(historyQuery{})); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
}

// FuzzHistoryQuery: an accepted query is within its bounds.
func FuzzHistoryQuery(f *testing.F) {
	f.Add("taskName=sync&status=failed,running&source=api&startDate=2025-11-25&sort=createdAt&limit=7&cursor=MW81OmE")
	f.Add("page=100&pageSize=100")
	f.Fuzz(func(t *testing.T, raw string) {
		if q, err := historyQueryOf(queried(t, raw)); err == nil && (q.limit < 1 || q.limit > web.MaxPage || q.page*q.pageSize > maxReach) {
			t.Errorf("%+v is out of bounds", q)
		}
	})
}
