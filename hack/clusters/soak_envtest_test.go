// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"context"
	"flag"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/recorder"
	"github.com/taskexec/taskexec/controllers/records"
)

// `make soak-archive` sets these.
var (
	loadFor   = flag.Duration("load-for", 25*time.Second, "how long users act in both clusters")
	loadEvery = flag.Duration("load-every", 250*time.Millisecond, "the time between two runs of a cluster")
	seed      = flag.Uint64("seed", 1, "what decides what happens when")
	logFolder = flag.String("logs", "", "the folder for the logs of the programs, empty for none")
)

// Two clusters share one bucket. Users create, cancel, delete and forget runs in both. The retention of the Tasks removes most runs
// from etcd. One cluster also has a retention of its archive, by age, and by bytes in one namespace. Controllers restart, are killed,
// and lose the store for a while. Each facade shows each run of its own cluster that must be kept, its record and log byte for byte, and
// nothing else.
//
// Then the first cluster is lost. A cluster that is built anew with its identity shows all of it, removes nothing and runs nothing again.
func TestTwoClustersOnOneBucket(t *testing.T) {
	s := newStore(t)
	keeps := recorder.Retention{AtLeast: 24 * time.Hour, PerHour: 10_000}
	sweeps := recorder.Retention{
		Every: 2 * time.Second, Default: records.Limits{MaxAge: max(20*time.Second, *loadFor/6)},
		Namespaces: map[string]records.Limits{"team-b": {MaxAge: 100 * time.Hour, MaxBytes: 200 << 10}},
		AtLeast:    10 * time.Second, PerHour: 1_000_000,
	}
	clusters := []*load{begin(t, s, "keeps", keeps), begin(t, s, "sweeps", sweeps)}
	underLoad(t, clusters)
	for _, l := range clusters {
		l.comesToRest(t)
		removed := l.nothingIsLeft(t)
		listed := l.check(t.Context(), 1, rand.New(rand.NewPCG(*seed, 5)))
		t.Logf("%s: %d runs created, %d cancelled, %d deleted, %d forgotten; the history has %d, and nothing is left of %d; %d runs were compared whole", l.name, l.made, l.cancelled, l.deleted, l.forgotten, listed, removed, l.checks)
		if listed == 0 || l.retention.Every > 0 && removed == 0 || l.cancelled == 0 || l.deleted == 0 || l.checks < l.made/2 {
			t.Errorf("%s: too little happened", l.name)
		}
	}
	if !t.Failed() {
		rebuilt(t, s, clusters[0])
	}
}

// begin starts a cluster with all its programs.
func begin(t *testing.T, s *store, name string, retention recorder.Retention) *load {
	t.Helper()
	c := newCluster(t, s, name, "", func(o *controllers.Options) { o.Archive.Retention = retention })
	m := newModel(startNode(t, c, *seed+uint64(len(name)), nil), retention)
	l, err := newLoad(m, *seed+uint64(len(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.createTasks(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.startController()
	c.startFacade()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			l.settle(ctx)
			wait(ctx, 500*time.Millisecond)
		}
	})
	c.atLast(func() {
		stop()
		watching.Wait()
	})
	return l
}

// underLoad lets users act in the clusters for the time of -load-for, while their programs fail now and then and are compared with
// their models.
func underLoad(t *testing.T, clusters []*load) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), *loadFor)
	defer stop()
	watching, stopWatching := context.WithCancel(t.Context())
	var hands sync.WaitGroup
	for _, l := range clusters {
		hands.Go(func() { l.put(ctx, *loadEvery) })
		hands.Go(func() {
			random := rand.New(rand.NewPCG(*seed, 6))
			for ctx.Err() == nil {
				wait(ctx, min(time.Minute, *loadFor/3))
				l.check(watching, 20, random)
			}
		})
	}
	hands.Go(func() { report(ctx, t, clusters) })
	random := rand.New(rand.NewPCG(*seed, 7))
	pause := min(30*time.Second, *loadFor/8)
	for i := 0; ctx.Err() == nil; i++ {
		wait(ctx, pause/2+time.Duration(random.Int64N(int64(pause))))
		l := clusters[random.IntN(len(clusters))]
		switch i % 3 {
		case 1:
			l.restartController(false)
		case 2:
			l.restartController(true)
		default:
			l.controllerDoor.status.Store(http.StatusServiceUnavailable)
			wait(ctx, 3*time.Second)
			l.controllerDoor.status.Store(0)
		}
	}
	hands.Wait()
	stopWatching()
}

// wait waits, but not longer than ctx.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// report says once a minute how far the clusters are.
func report(ctx context.Context, t *testing.T, clusters []*load) {
	begun := time.Now()
	for ctx.Err() == nil {
		wait(ctx, time.Minute)
		for _, l := range clusters {
			l.mu.Lock()
			created, ended, checks, faults := len(l.created), len(l.runs), l.checks, len(l.faults)
			l.mu.Unlock()
			t.Logf("%s %s: %d runs created, %d have ended, %d were compared whole, %d faults", time.Since(begun).Round(time.Second), l.name, created, ended, checks, faults)
		}
	}
}

// comesToRest waits until all runs have ended, and each retention is applied.
func (l *load) comesToRest(t *testing.T) {
	t.Helper()
	l.eventually("all runs have ended", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.runs) == len(l.created)
	})
	l.eventually("etcd has only what the Tasks keep", func() bool {
		list := &v1alpha1.TaskExecutionList{}
		if err := l.seen.List(t.Context(), list); err != nil {
			return false
		}
		list.Items = slices.DeleteFunc(list.Items, func(e v1alpha1.TaskExecution) bool {
			return e.Spec.Trigger.Source == "" || e.Spec.Trigger.Source == v1alpha1.TriggerKubectl
		})
		return len(list.Items) <= len(namespaces)*len(tasks)*7
	})
	l.eventually("the archive has only what it keeps", func() bool {
		return !slices.ContainsFunc(namespaces, func(namespace string) bool { return l.hasMore(t, namespace) })
	})
}

// hasMore reports whether the history has runs that the archive's retention does not keep, or that are to be forgotten.
func (l *load) hasMore(t *testing.T, namespace string) bool {
	t.Helper()
	history, err := l.history(t.Context(), namespace)
	if err != nil {
		return true
	}
	limits, bytes := l.retention.Of(namespace), 0
	for _, item := range history {
		l.mu.Lock()
		r := l.runs[types.NamespacedName{Namespace: namespace, Name: item.ExecutionID}]
		l.mu.Unlock()
		if r == nil || r.asked.Load() != 0 {
			return true
		}
		if l.retention.Every == 0 || l.kubeHas(t.Context(), r) {
			continue
		}
		bytes += len(r.log)
		if limits.MaxAge > 0 && time.Since(r.ended) > limits.MaxAge || limits.MaxBytes > 0 && int64(bytes) > limits.MaxBytes {
			return true
		}
	}
	return false
}

// nothingIsLeft checks that nothing of the runs that are not in the history is in the bucket, and counts them.
func (l *load) nothingIsLeft(t *testing.T) (removed int) {
	t.Helper()
	for _, namespace := range namespaces {
		history, err := l.history(t.Context(), namespace)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range l.all(namespace) {
			if !slices.ContainsFunc(history, func(of runs.ListedRecord) bool { return of.ExecutionID == r.name }) {
				l.isGone(t.Context(), r)
				removed++
			}
		}
	}
	return removed
}
