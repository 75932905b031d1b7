// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runfilter"
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
		"taskName=sync&triggerName=n+1": {limit: 100, taskName: "sync", filter: selection{Filter: runfilter.Filter{TriggerName: "n 1"}}},
		"status=failed,cancelled":       {limit: 100, filter: selection{Filter: runfilter.Filter{Statuses: []string{"failed", "cancelled"}}}},
		"source=api":                    {limit: 100, filter: selection{Filter: runfilter.Filter{Sources: []v1alpha1.TriggerSource{"api"}}}},
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
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(historyQuery{}, selection{})); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
}

// Several conditions in one parameter are as good as several parameters, and the next page has the same texts.
func TestQueryOfLabelsAndParams(t *testing.T) {
	e := &v1alpha1.TaskExecution{}
	e.Labels = map[string]string{"team": "billing", "urgent": ""}
	e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{"mid":1,"x":"a,b=c"}`)}
	for raw, want := range map[string]bool{
		"label=team%3Dbilling,urgent":            true,
		"label=team=billing&label=urgent":        true,
		"label=team=billing&label=cheap":         false,
		"label=team+in+(sales,billing)":          true,
		"label=team+notin+(sales,billing)":       false,
		"param=x=a,b=c":                          true,
		"param=x%3Da%2Cb%3Dc&param=mid%3D1":      true,
		"param=x=a,b=c&param=mid=2":              false,
		"label=urgent&param=mid=1&status=failed": false,
	} {
		q, err := historyQueryOf(queried(t, raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if match, _ := q.match(); match(e) != want {
			t.Errorf("%s: want %t", raw, want)
		}
		next := url.Values{}
		q.filter.repeat(next)
		sent, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		sent.Del("status")
		if diff := cmp.Diff(sent, next); diff != "" {
			t.Errorf("%s: the next page: %s", raw, diff)
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
