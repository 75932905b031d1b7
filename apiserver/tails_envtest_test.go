// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// gets counts the reads of single executions.
type gets struct {
	http.RoundTripper
	count *atomic.Int32
}

func (g gets) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/taskexecutions/") {
		g.count.Add(1)
	}
	return g.RoundTripper.RoundTrip(r)
}

// The cache has no tails. The first read of a run costs the API server one read. After that, new lines come with the watch.
func TestTailsComeFromTheAPIServer(t *testing.T) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "tails-"}}
	if err := adminClient.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	count := &atomic.Int32{}
	config := rest.CopyConfig(apiServer)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return gets{next, count} })
	l := facadeWith(t, config, namespace.Name)
	l.create(t, fixture.Execution("run", "sync", ""))
	printed := func(lines int) string {
		e := l.live(t, "run")
		before := e.DeepCopy()
		e.Status.Phase = v1alpha1.PhaseRunning
		e.Status.Logs = append(e.Status.Logs, v1alpha1.LogEntry{Timestamp: metav1.NowMicro(), Level: v1alpha1.LogInfo, Message: fmt.Sprint("line ", lines)})
		if err := adminClient.Status().Patch(t.Context(), e, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
		return e.ResourceVersion
	}
	cachedAt := func(version string) {
		until(t, "the cache has the new state", func() bool {
			e, err := l.store.Seen(t.Context(), "run")
			return err == nil && e != nil && e.ResourceVersion == version
		})
	}
	cachedAt(printed(1))
	e, err := l.store.Execution(t.Context(), "run")
	if err != nil || e.Status.Logs != nil || e.TailBytes == 0 || e.Status.Phase != v1alpha1.PhaseRunning {
		t.Fatalf("the cache has %+v, %v", e, err)
	}
	count.Store(0)
	for lines := 1; lines < 5; lines++ {
		if lines > 1 {
			cachedAt(printed(lines))
		}
		for _, path := range []string{"/tasks/running/execution/run", "/tasks/executions/run"} {
			got := ok[wire.Execution](t, l, "GET", path, "")
			if len(got.Logs) != lines || got.Logs[lines-1].Message != fmt.Sprint("line ", lines) {
				t.Errorf("%s has %+v, want %d lines", path, got.Logs, lines)
			}
		}
		if list := ok[[]wire.Execution](t, l, "GET", "/tasks/running/sync", ""); len(list) != 1 || len(list[0].Logs) != lines {
			t.Errorf("the list has %+v", list)
		}
	}
	if n := count.Load(); n != 1 {
		t.Errorf("the run was read %d times, want once", n)
	}
	if err := adminClient.Delete(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	until(t, "it is gone", func() bool { return call(t, l, "GET", "/tasks/executions/run", "").Code == http.StatusNotFound })
}
