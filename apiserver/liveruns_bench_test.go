// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/kube"
)

// BenchmarkLiveRuns measures the heap that the facade takes for runs that nobody reads, and beside it the heap of a cache
// that keeps whole runs. Both are filled over HTTP, as from an API server. BENCH_RUNS has the numbers of runs, separated by
// commas: 10000,50000 by default.
func BenchmarkLiveRuns(b *testing.B) {
	report := &strings.Builder{}
	for text := range strings.SplitSeq(cmp.Or(os.Getenv("BENCH_RUNS"), "10000,50000"), ",") {
		runs, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		config := newManyRuns(b, runs).start()
		for _, c := range []struct {
			short, what string
			of          func(context.Context, *rest.Config) (watching, error)
		}{{"whole", "a cache of whole runs", wholeRuns}, {"facade", "the facade", facadesRuns}} {
			filled, kept := heapOf(b, func(ctx context.Context) (watching, error) { return c.of(ctx, config) })
			each := float64(kept) / float64(runs) / (1 << 10)
			fmt.Fprintf(report, "With %d live runs, %s takes %d MiB of heap when it has just read them, and %d MiB after a garbage collection: %.1f KiB for each run.\n",
				runs, c.what, filled>>20, kept>>20, each)
			b.ReportMetric(each, fmt.Sprintf("KiB/run:%s:%d", c.short, runs))
		}
	}
	report.WriteString("Of a hundred runs")
	for _, t := range tails {
		fmt.Fprintf(report, ", %d have %s", t.share, t.what)
	}
	b.Logf("\n%s.", report)
}

// watching is a cache that watches runs.
type watching interface {
	// Run runs the cache until ctx ends.
	Run(ctx context.Context) error
	// Synced waits until the cache shows the cluster.
	Synced(ctx context.Context) bool
}

func facadesRuns(ctx context.Context, config *rest.Config) (watching, error) {
	return kube.New(ctx, config, "default")
}

// whole is a cache that keeps whole runs, without managedFields.
type whole struct{ cache.Cache }

func (w whole) Run(ctx context.Context) error { return w.Start(ctx) }

func (w whole) Synced(ctx context.Context) bool { return w.WaitForCacheSync(ctx) }

func wholeRuns(ctx context.Context, config *rest.Config) (watching, error) {
	scheme := apiruntime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	runs, err := cache.New(config, cache.Options{
		Scheme: scheme, DefaultNamespaces: map[string]cache.Config{"default": {}},
		DefaultTransform: cache.TransformStripManagedFields(), DefaultUnsafeDisableDeepCopy: ptr.To(true),
	})
	if err != nil {
		return nil, err
	}
	_, err = runs.GetInformer(ctx, &v1alpha1.TaskExecution{}, cache.BlockUntilSynced(false))
	return whole{runs}, err
}

// heapOf fills a cache, and returns the bytes that it adds to the heap: filled when it has just been filled, with what
// decoding left behind, and kept after a garbage collection.
func heapOf(b *testing.B, of func(context.Context) (watching, error)) (filled, kept uint64) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	before := heap(true)
	watched, err := of(ctx)
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- watched.Run(ctx) }()
	if !watched.Synced(ctx) {
		b.Fatal("the cache did not fill")
	}
	filled = heap(false) - before
	kept = heap(true) - before
	runtime.KeepAlive(watched)
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	return filled, kept
}

// heap returns the bytes of the heap.
func heap(afterGC bool) uint64 {
	if afterGC {
		runtime.GC()
		runtime.GC() // frees what the first one only emptied: pools, and objects with finalizers
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
