// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
	"github.com/taskexec/taskexec/controllers/records"
)

const (
	benchDays  = 30
	benchTasks = 20
)

// benchRuns returns how many archived runs there are: BENCH_RUNS, or 1,000,000.
func benchRuns(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("BENCH_RUNS"), "1000000"))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

var benchEnd = time.Date(2025, 11, 30, 0, 0, 0, 0, time.UTC)

// benchRun returns a run of a day, which has so many.
func benchRun(day, n, of int) *records.Record {
	created := benchEnd.Add(-time.Duration(day+1)*24*time.Hour + time.Duration(n)*24*time.Hour/time.Duration(of))
	e := fixture.Execution(fmt.Sprintf("run-%02d-%06d", day, n), fmt.Sprintf("task-%02d", n%benchTasks), v1alpha1.PhaseCompleted)
	e.Namespace, e.UID, e.CreationTimestamp = "default", types.UID(fmt.Sprintf("c0ffee00-0000-4000-8000-%04d%08d", day, n)), metav1.NewTime(created.Truncate(time.Second))
	e.Spec.Params = fixture.JSON(fmt.Sprintf(`{"space":"rd-%d","full":true,"day":"2025-11-%02d"}`, n%500, day))
	if n%50 == 0 {
		e.Status.Phase, e.Status.Reason, e.Status.Message = v1alpha1.PhaseFailed, "ExitCode", "the container main ended with exit code 1"
	}
	begun, ended := metav1.NewTime(e.CreationTimestamp.Add(2*time.Second)), metav1.NewTime(e.CreationTimestamp.Add(time.Duration(3+n%90)*time.Second))
	e.Status.StartTime, e.Status.CompletionTime = &begun, &ended
	e.Status.LogSummary = &v1alpha1.LogSummary{Entries: int64(n % 1000), Bytes: int64(n%1000) * 80, Complete: true, Archived: true}
	return &records.Record{Version: 2, Cluster: "cluster-a", RecordedAt: ended.Time, Execution: e}
}

// BenchmarkArchivedRuns measures reads of a large archive in an S3-like store in memory, with the store's requests.
func BenchmarkArchivedRuns(b *testing.B) {
	var requests atomic.Int64
	of := newArchive(b, buckettest.S3(b, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			store.ServeHTTP(w, r)
		})
	}))
	each := benchRuns(b) / benchDays
	for day := range benchDays {
		for n := range each {
			if err := of.writer.AddToHistory(benchRun(day, n, each)); err != nil {
				b.Fatal(err)
			}
		}
		if err := of.writer.Flush(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	one := benchRun(0, 0, each)
	one.Execution.Name, one.Execution.UID = "one", "one"
	if err := of.writer.Put(b.Context(), one.Execution, nil); err != nil {
		b.Fatal(err)
	}
	store := newFakeStore(fixture.Task("task-07"))
	warm := of.facade(store)
	for _, c := range []struct{ name, path string }{
		{"page", "/tasks/executions?taskName=task-07&startDate=2025-11-15&endDate=2025-11-15&limit=100"},
		{"newest", "/tasks/executions?limit=100"},
		{"failed", "/tasks/executions?status=failed&taskName=task-00&limit=100"},
		{"id", "/tasks/executions/one"},
		{"chart", "/tasks/stats/history?from=2025-10-31&to=2025-11-29"},
	} {
		for _, state := range []string{"cold", "warm"} {
			b.Run(c.name+"/"+state, func(b *testing.B) {
				api := warm
				if state == "warm" {
					read(b, api, c.path)
				}
				requests.Store(0)
				b.ReportAllocs()
				for b.Loop() {
					if state == "cold" {
						api = of.facade(store)
					}
					read(b, api, c.path)
				}
				b.ReportMetric(float64(requests.Load())/float64(b.N), "requests/op")
			})
		}
	}
	runtime.KeepAlive(warm)
}

func read(b *testing.B, api http.Handler, path string) {
	b.Helper()
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil))
	if w.Code != http.StatusOK || w.Body.Len() < 100 {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
}
