// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// While recorded runs are removed from the API server, each list has each run once, in order, and each run can still be read.
func TestListsWhileRunsAreRemoved(t *testing.T) {
	l, of := newLab(t), newArchive(t, "file://"+t.TempDir())
	const all, removed = 30, 25
	var model []*v1alpha1.TaskExecution
	for i := range all {
		e := fixture.Execution(fmt.Sprintf("run-%02d", i), "sync", "")
		l.create(t, e)
		if err := l.phase(t.Context(), l.live(t, e.Name), v1alpha1.PhaseCompleted); err != nil {
			t.Fatal(err)
		}
		model = append(model, l.live(t, e.Name))
	}
	of.record(t, nil, model...)
	slices.SortFunc(model, func(a, b *v1alpha1.TaskExecution) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
	})
	var want []string
	for _, e := range model {
		want = append(want, e.Name)
	}
	api := (&server{namespace: l.namespace, stores: one{l.store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 100), past: of.past("cluster-a"), timeout: time.Minute}).handler(DefaultOptions())
	ended := make(chan error, 1)
	go func() {
		for _, e := range model[:removed] {
			if err := adminClient.Delete(t.Context(), &v1alpha1.TaskExecution{ObjectMeta: e.ObjectMeta}, client.PropagationPolicy("Background")); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	archived := func() (n int) {
		var got []string
		for cursor := ""; ; {
			page := ok[runs.History](t, api, "GET", "/tasks/executions/history?taskName=sync&limit=4"+cursor, "")
			for _, e := range page.Executions {
				if got = append(got, e.ExecutionID); e.Archived {
					n++
				}
			}
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		return n
	}
	lists := 0
	until(t, "the removed runs are read from the archive", func() bool { lists++; return archived() == removed })
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lists", lists)
	for i, e := range model {
		if got := ok[wire.Execution](t, api, "GET", "/tasks/executions/"+e.Name, ""); got.Archived != (i < removed) || got.Status != wire.StatusCompleted {
			t.Errorf("%s: %+v", e.Name, got)
		}
	}
	if stats := ok[runs.Stats](t, api, "GET", "/tasks/stats/summary", ""); stats.Completed != all {
		t.Errorf("statistics: %+v", stats)
	}
}
