// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
)

// labelledHistory returns the executions of aHistory with labels and params.
func labelledHistory() *fakeStore {
	store := aHistory()
	for id, labels := range map[string]map[string]string{
		"a": {"team": "billing"}, "b": {"team": "billing", "urgent": ""}, "c": {"team": "sales"}, "d": {"team": "billing", "taskexec.dev/task": "sync"},
	} {
		store.executions[id].Labels = labels
	}
	for id, params := range map[string]string{"a": `{"mid":1}`, "b": `{"mid":2,"x":"a,b"}`, "c": `{"mid":1,"x":"y"}`, "f": `{"mid":"1"}`} {
		store.executions[id].Spec.Params = fixture.JSON(params)
	}
	return store
}

// labelQueries map queries to the ids of the runs of all tasks that they select.
var labelQueries = map[string]string{
	"label=team=billing":                    "abd",
	"label=team%3Dbilling&label=urgent":     "b",
	"label=team":                            "abcd",
	"label=!team":                           "ef",
	"label=team!=billing":                   "cef",
	"label=team+in+(billing)&status=failed": "b",
	"label=taskexec.dev/task=sync":          "d",
	"param=mid=1":                           "acf",
	"param=mid=1&param=x=y":                 "c",
	"param=mid=1&label=team=billing":        "a",
	"param=nothing=1":                       "",
}

func TestListByLabelAndParam(t *testing.T) {
	api := facade(labelledHistory())
	for query, want := range labelQueries {
		for _, path := range []string{"/tasks/executions", "/tasks/executions/history"} {
			if got := ok[runs.History](t, api, "GET", path+"?"+query, ""); idsOf(got.Executions) != want {
				t.Errorf("%s?%s: %s, want %s", path, query, idsOf(got.Executions), want)
			}
		}
		var ids, wantOfTask string
		if !strings.Contains(query, "status=") { // which the documented list does not have
			for _, e := range ok[[]runs.Listed](t, api, "GET", "/tasks/running/sync?"+query, "") {
				ids += e.ExecutionID
			}
			for _, id := range want {
				if id != 'b' && id != 'e' {
					wantOfTask += string(id)
				}
			}
		}
		if ids != wantOfTask {
			t.Errorf("of the task, %s: %s, want %s", query, ids, wantOfTask)
		}
	}
	orphans := facade(newFakeStore().add(fixture.Execution("orphan", "deleted", v1alpha1.PhaseCompleted)))
	if list := ok[[]runs.Listed](t, orphans, "GET", "/tasks/running/deleted?label=team", ""); len(list) > 0 {
		t.Errorf("runs of a deleted task: %+v", list)
	}
	got := ok[runs.History](t, api, "GET", "/tasks/executions?label=taskexec.dev/task", "")
	if labels := got.Executions[0].Labels; labels["team"] != "billing" || len(labels) != 1 {
		t.Errorf("the list shows the labels %v", labels)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/executions?"+strings.Repeat("label=a&", 17), ""), http.StatusBadRequest, "given 17 times, more than 16")
}

// The address of the next page repeats the filter.
func TestNextPageKeepsTheFilter(t *testing.T) {
	api := facade(labelledHistory())
	w := call(t, api, "GET", "/tasks/running/sync?limit=1&label=team&param=mid=1", "")
	next, found := strings.CutPrefix(strings.Split(w.Header().Get("Link"), ">")[0], "<")
	if address, err := url.Parse(next); !found || err != nil || address.Query().Get("label") != "team" || address.Query().Get("param") != "mid=1" {
		t.Fatalf("next is %q", next)
	}
	if rest := ok[[]runs.Listed](t, api, "GET", next, ""); len(rest) != 1 || rest[0].ExecutionID != "c" {
		t.Errorf("the next page: %+v", rest)
	}
}

func TestCancelAllByLabel(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	for i, team := range []string{"billing", "sales", "billing"} {
		e := fixture.Execution(fmt.Sprint("run-", i), "sync", v1alpha1.PhaseRunning)
		e.Labels, e.Spec.Params = map[string]string{"team": team}, fixture.JSON(fmt.Sprintf(`{"mid":%d}`, i))
		store.add(e)
	}
	api := facade(store)
	for query, want := range map[string]int{"label=team=billing": 2, "label=team=billing&param=mid=2": 1, "param=mid=9": 0} {
		if got := ok[runs.CancelAllResponse](t, api, "DELETE", "/tasks/executions/cancel/all?dryRun=true&"+query, ""); got.Count != want {
			t.Errorf("%s: %d, want %d", query, got.Count, want)
		}
	}
	wantProblem(t, call(t, api, "DELETE", "/tasks/executions/cancel/all?label=", ""), http.StatusBadRequest, "a selector of labels")
	if got := ok[runs.CancelAllResponse](t, api, "DELETE", "/tasks/executions/cancel/all?label=team=billing", ""); got.Count != 2 {
		t.Errorf("cancelled %d", got.Count)
	}
	for id, e := range store.executions {
		if (e.Spec.Cancel != nil) != (e.Labels["team"] == "billing") {
			t.Errorf("%s: %+v", id, e.Spec.Cancel)
		}
	}
}
