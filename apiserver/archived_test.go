// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
	"github.com/taskexec/taskexec/controllers/records"
)

// recordArchive is an archive of records for tests.
type recordArchive struct {
	bucket bucket.Bucket
	writer *records.Writer
}

func newArchive(t testing.TB, url string) *recordArchive {
	t.Helper()
	opened, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	b := bucket.New(opened, logr.Discard())
	return &recordArchive{b, records.NewWriter(records.WriterOptions{Bucket: b, Cluster: "cluster-a", Log: logr.Discard()})}
}

// record records runs and adds them to the history.
func (a *recordArchive) record(t testing.TB, task *records.TaskSnapshot, executions ...*v1alpha1.TaskExecution) {
	t.Helper()
	for _, e := range executions {
		if err := a.writer.Put(t.Context(), e, task); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.writer.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// past returns what reads the archive.
func (a *recordArchive) past(cluster string) *archivedruns.Archive {
	return archivedruns.New(a.bucket, func() string { return cluster }, 8<<20)
}

// facade returns the whole API over a store and the archive.
func (a *recordArchive) facade(store Store) http.Handler {
	return (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), past: a.past("cluster-a"), timeout: time.Minute}).handler(DefaultOptions())
}

// took returns an ended run with a UID.
func took(name, task string, phase v1alpha1.Phase, age, milliseconds int) *v1alpha1.TaskExecution {
	e := fixture.Execution(name, task, phase, age)
	of := fixture.Took(name, task, phase, milliseconds)
	e.Status = of.Status
	e.Namespace, e.UID, e.ResourceVersion = "default", types.UID("uid-of-"+name), "7"
	e.Status.Logs = []v1alpha1.LogEntry{{Level: v1alpha1.LogInfo, Message: "the last line"}}
	return e
}

// archivedHistory returns a store and an archive with runs of two tasks. Those named l are live, a archived, and b both. They are
// named and ordered by age.
func archivedHistory(t *testing.T) (*fakeStore, *recordArchive) {
	t.Helper()
	store, of := newFakeStore(fixture.Task("sync"), fixture.Task("clean"), fixture.Task("idle")), newArchive(t, "file://"+t.TempDir())
	for i, where := range "lblaabalabaaba" {
		task, phase := "sync", v1alpha1.PhaseCompleted
		if i%3 == 0 {
			task = "clean"
		}
		if i%4 == 0 {
			phase = v1alpha1.PhaseFailed
		}
		e := took(fmt.Sprintf("%c-%02d", where, i), task, phase, i*20_000, 100*(i+1))
		if where != 'a' {
			store.add(e)
		}
		if where != 'l' {
			of.record(t, nil, e)
		}
	}
	store.add(fixture.Execution("l-active", "sync", v1alpha1.PhaseRunning))
	return store, of
}

func TestArchivedRun(t *testing.T) {
	store, of := newFakeStore(fixture.Task("sync")), newArchive(t, "file://"+t.TempDir())
	of.record(t, nil, took("old", "sync", v1alpha1.PhaseFailed, 0, 2000))
	api := of.facade(store)
	for _, path := range []string{"/tasks/executions/old", "/tasks/executions/_/old", "/tasks/running/execution/old", "/tasks/executions/old?wait=30s"} {
		got := ok[wire.Execution](t, api, "GET", path, "")
		if !got.Archived || got.ExecutionID != "old" || got.Status != "failed" || *got.Duration != 2000 || len(got.Logs) != 1 {
			t.Errorf("%s: %+v", path, got)
		}
		tag := call(t, api, "GET", path, "").Header().Get("ETag")
		if w := call(t, api, "GET", path, "", "If-None-Match", tag); w.Code != http.StatusNotModified || tag == "" {
			t.Errorf("%s with %q: %d", path, tag, w.Code)
		}
	}
	// A live run of that name counts, and has another ETag.
	tag := call(t, api, "GET", "/tasks/executions/old", "").Header().Get("ETag")
	store.add(took("old", "sync", v1alpha1.PhaseFailed, 0, 2000))
	if w := call(t, api, "GET", "/tasks/executions/old", ""); strings.Contains(w.Body.String(), "archived") || w.Header().Get("ETag") == tag {
		t.Errorf("live: %s %s", w.Header().Get("ETag"), w.Body)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/executions/none", ""), http.StatusNotFound, `no execution "none" in the cluster and in the archive`)
	for _, odd := range []string{"a%2F..%2Fold", "..%2Fold", "%00"} { // no key is made of it
		wantProblem(t, call(t, api, "GET", "/tasks/executions/"+odd, ""), http.StatusNotFound, "there is no execution")
	}
}

// What is done with a run by its id works when only the archive has it.
func TestArchivedRunIsRunAgainExplainedAndWatched(t *testing.T) {
	store, of := newFakeStore(fixture.Task("sync", midSchema)), newArchive(t, "file://"+t.TempDir())
	old, secret := took("old", "sync", v1alpha1.PhaseFailed, 0, 2000), took("secret", "sync", v1alpha1.PhaseFailed, 0, 2000)
	old.Spec.Params, old.Labels = fixture.JSON(`{"mid":7}`), map[string]string{"team": "billing"}
	old.Status.Reason, old.Status.ExitCode = v1alpha1.ReasonNonZeroExit, ptr.To[int32](3)
	secret.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "secret-params", Names: []string{"password"}}
	of.record(t, nil, old, secret)
	api := of.facade(store)

	again := ok[submit.Started](t, api, "POST", "/tasks/executions/old/rerun", "")
	made := store.executions[again.ExecutionID]
	if made == nil || again.RerunOf != "old" || string(made.Spec.Params.Raw) != `{"mid":7}` || made.Labels["team"] != "billing" || made.UID == old.UID {
		t.Errorf("run again: %+v", made)
	}
	wantProblem(t, call(t, api, "POST", "/tasks/executions/secret/rerun", ""), http.StatusBadRequest, "has sensitive params")
	wantProblem(t, call(t, api, "POST", "/tasks/executions/none/rerun", ""), http.StatusNotFound, "in the cluster and in the archive")

	if got := ok[explain.Explanation](t, api, "GET", "/tasks/executions/old/explain", ""); got.Reason != v1alpha1.ReasonNonZeroExit || !strings.Contains(got.Sentence, "3") {
		t.Errorf("explained: %+v", got)
	}
	watched := call(t, api, "GET", "/tasks/executions/old/watch", "").Body.String()
	if !strings.Contains(watched, "event: execution\n") || !strings.Contains(watched, "event: end\ndata: {\"status\":\"failed\"}") {
		t.Errorf("watched: %s", watched)
	}
}

// What another cluster recorded is not read. Until the cluster's identity is known, the answer says that the archive was not asked.
func TestArchivedRunsOfThisClusterOnly(t *testing.T) {
	of := newArchive(t, "file://"+t.TempDir())
	of.record(t, nil, took("old", "sync", v1alpha1.PhaseFailed, 0, 2000))
	for cluster, says := range map[string]string{"cluster-b": "and in the archive", "": "--cluster-id", "../cluster-a": "--cluster-id"} {
		s := &server{namespace: "default", stores: one{newFakeStore()}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), past: of.past(cluster), timeout: time.Minute}
		api := s.handler(DefaultOptions())
		wantProblem(t, call(t, api, "GET", "/tasks/executions/old", ""), http.StatusNotFound, says)
		if got := ok[runs.History](t, api, "GET", "/tasks/executions", ""); len(got.Executions) != 0 || got.Incomplete != "" {
			t.Errorf("cluster %q: %+v", cluster, got)
		}
	}
}

func TestArchivedRunsInLists(t *testing.T) {
	store, of := archivedHistory(t)
	api := of.facade(store)
	whole := []string{"l-00", "l-active", "b-01", "l-02", "a-03", "a-04", "b-05", "a-06", "l-07", "a-08", "b-09", "a-10", "a-11", "b-12", "a-13"}
	for query, keeps := range map[string]func(name string) bool{
		"":                            func(string) bool { return true },
		"archived=false":              func(n string) bool { return n[0] != 'a' },
		"taskName=clean":              func(n string) bool { return slices.Contains([]string{"00", "03", "06", "09", "12"}, n[2:]) },
		"status=failed":               func(n string) bool { return slices.Contains([]string{"00", "04", "08", "12"}, n[2:]) },
		"status=running":              func(n string) bool { return n == "l-active" },
		"source=schedule":             func(string) bool { return false },
		"endDate=2025-11-24":          func(n string) bool { return n != "l-active" && n[2:] >= "02" },
		"status=completed,failed":     func(n string) bool { return n != "l-active" },
		"taskName=sync&source=api":    func(string) bool { return false },
		"triggerName=nothing":         func(string) bool { return false },
		"startDate=2025-11-24":        func(n string) bool { return n == "l-active" || n[2:] <= "06" },
		"archived=true&logs=true":     func(string) bool { return true },
		"taskName=none&archived=true": func(string) bool { return false },
	} {
		var want []string
		for _, name := range whole {
			if keeps(name) {
				want = append(want, name)
			}
		}
		for _, order := range []string{"", "&sort=createdAt"} {
			for _, limit := range []int{1, 2, 5, 100} {
				var got []string
				for cursor := ""; ; {
					page := ok[runs.History](t, api, "GET", fmt.Sprintf("/tasks/executions/history?%s%s&limit=%d%s", query, order, limit, cursor), "")
					for _, e := range page.Executions {
						if got = append(got, e.ExecutionID); e.Archived != (e.ExecutionID[0] == 'a') {
							t.Errorf("%s: archived is %v", e.ExecutionID, e.Archived)
						}
					}
					if page.NextCursor == "" {
						break
					}
					cursor = "&cursor=" + page.NextCursor
				}
				if order != "" {
					slices.Reverse(got)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s%s in pages of %d: %v, want %v", query, order, limit, got, want)
				}
			}
		}
	}
}

func TestNumberedPagesWithArchivedRuns(t *testing.T) {
	store, of := archivedHistory(t)
	api := of.facade(store)
	for query, want := range map[string]struct {
		names string
		total int
	}{
		"page=1&pageSize=3":                      {"l-00 l-active b-01", 15},
		"page=2&pageSize=4":                      {"a-03 a-04 b-05 a-06", 15},
		"page=5&pageSize=3":                      {"a-11 b-12 a-13", 15},
		"page=9&pageSize=3":                      {"", 15},
		"page=1&pageSize=2&taskName=clean":       {"l-00 a-03", 5},
		"page=1&pageSize=1&status=failed":        {"l-00", 4},
		"page=1&pageSize=1&endDate=2025-11-24":   {"l-02", 12},
		"page=1&pageSize=1&startDate=2025-11-25": {"l-00", 3},
		"page=1&pageSize=1&archived=false":       {"l-00", 8},
		"page=1&pageSize=1&source=manual":        {"l-00", -1},
		"page=2&pageSize=14&source=manual":       {"a-13", 15},
	} {
		page := ok[runs.History](t, api, "GET", "/tasks/executions?"+query, "")
		var names []string
		for _, e := range page.Executions {
			names = append(names, e.ExecutionID)
		}
		if want.total < 0 {
			if page.Total != nil {
				t.Errorf("%s: the total is %d, which was not counted", query, *page.Total)
			}
		} else if page.Total == nil || *page.Total != want.total {
			t.Errorf("%s: the total is %v, want %d", query, page.Total, want.total)
		}
		if got := strings.Join(names, " "); got != want.names {
			t.Errorf("%s: %s, want %s", query, got, want.names)
		}
	}
}

// The documented list of a task has live runs only, unless the request asks for archived ones.
func TestArchivedRunsOfATask(t *testing.T) {
	store, of := archivedHistory(t)
	api := of.facade(store)
	for query, want := range map[string]int{"": 5, "?archived=false": 5, "?archived=true": 10, "?limit=3": 3} {
		if got := ok[[]wire.Execution](t, api, "GET", "/tasks/running/sync"+query, ""); len(got) != want {
			t.Errorf("%s: %d, want %d", query, len(got), want)
		}
	}
	var got []string
	for path := "/tasks/running/sync?archived=true&limit=3"; path != ""; {
		w := call(t, api, "GET", path, "")
		for _, e := range ok[[]wire.Execution](t, api, "GET", path, "") {
			got = append(got, e.ExecutionID)
		}
		path, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
	}
	if strings.Join(got, " ") != "l-active b-01 l-02 a-04 b-05 l-07 a-08 a-10 a-11 a-13" {
		t.Errorf("by Link: %v", got)
	}
	// A task that is gone, with archived runs only.
	delete(store.tasks, "clean")
	for name := range store.executions {
		if store.executions[name].Spec.TaskRef.Name == "clean" {
			delete(store.executions, name)
		}
	}
	if got := ok[[]wire.Execution](t, api, "GET", "/tasks/running/clean?archived=true", ""); len(got) != 4 {
		t.Errorf("of a task that is gone: %d", len(got))
	}
}

func TestStatsWithArchivedRuns(t *testing.T) {
	store, of := archivedHistory(t)
	api := of.facade(store)
	all := ok[runs.Stats](t, api, "GET", "/tasks/stats/summary", "")
	if all.Total != 15 || all.Running != 1 || all.Failed != 4 || all.Completed != 10 || *all.AvgDuration != 750 {
		t.Errorf("all: %+v", all)
	}
	if p95 := float64(*all.P95); p95 < 1400*0.99 || p95 > 1400*1.01 {
		t.Errorf("the 95th percentile is %v", p95)
	}
	if one := ok[runs.Stats](t, api, "GET", "/tasks/stats/summary?taskName=clean", ""); one.Total != 5 || one.Failed != 2 {
		t.Errorf("of a task: %+v", one)
	}
	chart := ok[runs.StatsHistory](t, api, "GET", "/tasks/stats/history?from=2025-11-22&to=2025-11-25", "")
	counts := ""
	for _, p := range chart.Periods {
		counts += fmt.Sprintf("%s %d %d %d %d; ", p.Start.Format(time.DateOnly), p.Running, p.Completed, p.Failed, p.Cancelled)
	}
	if counts != "2025-11-22 0 2 1 0; 2025-11-23 0 3 1 0; 2025-11-24 0 4 1 0; 2025-11-25 1 1 1 0; " || chart.By != "day" {
		t.Errorf("by day: %s", counts)
	}
	hours := ok[runs.StatsHistory](t, api, "GET", "/tasks/stats/history?from=2025-11-24T05:00:00Z&to=2025-11-25T11:30:00Z&by=hour&taskName=sync", "")
	total := 0
	for _, p := range hours.Periods {
		total += p.Running + p.Completed + p.Failed
	}
	if len(hours.Periods) != 31 || total != 5 || hours.Periods[0].AvgDuration != nil {
		t.Errorf("%d hours with %d", len(hours.Periods), total)
	}
	path := "/tasks/stats/history?from=2025-11-22&to=2025-11-25"
	if w := call(t, api, "GET", path, "", "If-None-Match", call(t, api, "GET", path, "").Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("unchanged: %d", w.Code)
	}
	for query, says := range map[string]string{
		"by=week": "want hour or day", "from=2025-11-25&to=2025-11-24": "after", "from=2020-01-01&by=hour": "periods apart", "from=x": "from",
	} {
		wantProblem(t, call(t, api, "GET", "/tasks/stats/history?"+query, ""), http.StatusBadRequest, says)
	}
	wantProblem(t, call(t, api, "GET", "/tasks/stats/history?taskName=nothing", ""), http.StatusNotFound, "no task")
}

// While the archive is away, live runs are served as before, and answers say what is missing.
func TestArchiveOfRunsAway(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	url, away := buckettest.S3ThatGoes(t)
	of := newArchive(t, url)
	of.record(t, nil, took("old", "sync", v1alpha1.PhaseCompleted, 50, 100))
	store := newFakeStore(fixture.Task("sync")).add(took("new", "sync", v1alpha1.PhaseCompleted, 0, 100))
	api := of.facade(store)
	away.Store(true)
	ok[wire.Execution](t, api, "GET", "/tasks/executions/new", "")
	wantProblem(t, call(t, api, "GET", "/tasks/executions/old", ""), http.StatusServiceUnavailable, "the archive, which may have it, cannot be read")
	for _, query := range []string{"", "page=1&pageSize=5"} {
		if got := ok[runs.History](t, api, "GET", "/tasks/executions?"+query, ""); len(got.Executions) != 1 || !strings.Contains(got.Incomplete, "archived runs are missing") || strings.Contains(got.Incomplete, "127.0.0.1") {
			t.Errorf("list: %+v", got)
		}
	}
	if w := call(t, api, "GET", "/tasks/running/sync?archived=true", ""); w.Code != 200 || w.Header().Get("Incomplete") == "" {
		t.Errorf("list of a task: %d %v", w.Code, w.Header())
	}
	if got := ok[runs.Stats](t, api, "GET", "/tasks/stats/summary", ""); got.Total != 1 || got.Incomplete == "" {
		t.Errorf("statistics: %+v", got)
	}
	if got := ok[runs.StatsHistory](t, api, "GET", "/tasks/stats/history", ""); got.Incomplete == "" {
		t.Errorf("statistics by day: %+v", got)
	}
	away.Store(false)
	if got := ok[runs.History](t, api, "GET", "/tasks/executions", ""); len(got.Executions) != 2 || got.Incomplete != "" {
		t.Errorf("back: %+v", got)
	}
	ok[wire.Execution](t, api, "GET", "/tasks/executions/old", "")
}

func TestDamagedRecord(t *testing.T) {
	dir := t.TempDir()
	of := newArchive(t, "file://"+dir)
	of.record(t, nil, took("old", "sync", v1alpha1.PhaseCompleted, 50, 100))
	if err := os.WriteFile(filepath.Join(dir, ".taskexec/cluster-a/runs/default/old/uid-of-old.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, call(t, of.facade(newFakeStore()), "GET", "/tasks/executions/old", ""), http.StatusGone, "cannot be used")
}

// A caller with the right to the runs of one task reads its archived runs, and no others.
func TestRightsToArchivedRuns(t *testing.T) {
	of := newArchive(t, "file://"+t.TempDir())
	of.record(t, nil, took("of-mine", "mine", v1alpha1.PhaseCompleted, 0, 100), took("of-other", "other", v1alpha1.PhaseCompleted, 0, 100))
	gate := newFakeGate(map[string][]string{"ann": {"get tasks/executions mine", "get tasks/logs mine"}})
	s := &server{namespace: "default", stores: one{newFakeStore()}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), past: of.past("cluster-a"), timeout: time.Minute, gate: gate, recheckInterval: time.Minute}
	api := s.handler(DefaultOptions())
	for path, want := range map[string]int{
		"of-mine": 200, "of-other": 403, "none": 403, "of-mine/logs": 200, "of-other/logs": 403,
	} {
		if w := call(t, api, "GET", "/tasks/executions/"+path, "", bearing("ann")...); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
