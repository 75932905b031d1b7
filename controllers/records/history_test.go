// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
)

func folder(t testing.TB) bucket.Bucket {
	t.Helper()
	return opened(t, "file://"+t.TempDir())
}

func opened(t testing.TB, url string) bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return bucket.New(b, logr.Discard())
}

func writes(b bucket.Bucket, clock *clocktesting.FakePassiveClock) *Writer {
	return NewWriter(WriterOptions{Bucket: b, Cluster: "cluster-a", Clock: clock, Log: logr.Discard()})
}

func reads(b bucket.Bucket, cluster Cluster) *Reader {
	r := NewReader(b, cluster, 8<<20)
	r.clock = clocktesting.NewFakePassiveClock(noon) // lists are as old as the test lets them be
	return r
}

// model is what the history must be.
type model []*v1alpha1.TaskExecution

func (m model) page(q Query) (names []string) {
	of := slices.Clone(m)
	slices.SortFunc(of, func(a, b *v1alpha1.TaskExecution) int {
		c := positionOf(a).Compare(positionOf(b))
		if q.OldestFirst {
			return -c
		}
		return c
	})
	for _, e := range of {
		p := positionOf(e)
		k := Key{Position: p, UID: e.UID, Task: e.Spec.TaskRef.Name, Phase: string(e.Status.Phase)}
		switch {
		case q.From != 0 && p.Created < q.From, q.To != 0 && p.Created > q.To:
		case q.Keep != nil && !q.Keep(&k), q.Match != nil && !q.Match(e):
		default:
			names = append(names, e.Name)
		}
	}
	return names
}

func positionOf(e *v1alpha1.TaskExecution) Position {
	return Position{e.CreationTimestamp.Unix(), e.Name}
}

// all follows the cursors of a query to the end.
func all(t testing.TB, r *Reader, q Query) (names []string) {
	t.Helper()
	for range 10_000 {
		page, err := r.Page(context.Background(), "team-a", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Executions {
			names = append(names, e.Name)
		}
		if page.Next == nil {
			return names
		}
		q.After = page.Next
	}
	t.Fatal("the pages do not end")
	return nil
}

// Whatever is written, flushed, merged, written twice or forgotten, in any order: all pages of all queries have each run that
// is there once, in order.
func TestHistoryIsThatOfTheModel(t *testing.T) {
	fewerChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		b := folder(t)
		clock := clocktesting.NewFakePassiveClock(noon)
		writer := writes(b, clock)
		var there model
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"put", "put", "put", "flush", "again", "forget", "restart", "later"}).Draw(rt, "step") {
			case "put":
				for n := range rapid.IntRange(1, 30).Draw(rt, "runs") {
					e := ended(fmt.Sprintf("run-%d-%d", i, n), noon.Add(-time.Duration(rapid.IntRange(0, 40*3600).Draw(rt, "age"))*time.Second))
					e.Spec.TaskRef.Name = rapid.SampledFrom([]string{"sync", "report"}).Draw(rt, "task")
					if rapid.Bool().Draw(rt, "fails") {
						e.Status.Phase = v1alpha1.PhaseFailed
					}
					if err := writer.Put(t.Context(), e, nil); err != nil {
						rt.Fatal(err)
					}
					there = append(there, e)
				}
			case "flush":
				if err := writer.Flush(t.Context(), nil); err != nil {
					rt.Fatal(err)
				}
			case "again": // another controller records the same runs
				other := writes(b, clock)
				for _, e := range there[:len(there)/2] {
					if err := other.Put(t.Context(), e, nil); err != nil {
						rt.Fatal(err)
					}
				}
				if err := other.Flush(t.Context(), nil); err != nil {
					rt.Fatal(err)
				}
			case "forget":
				if len(there) > 0 {
					e := there[0]
					if err := writer.Forget(t.Context(), "team-a", e.Name, e.UID, e.CreationTimestamp.Time); err != nil {
						rt.Fatal(err)
					}
					there = slices.Delete(slices.Clone(there), 0, 1)
				}
			case "restart":
				if err := writer.Flush(t.Context(), nil); err != nil {
					rt.Fatal(err)
				}
				writer = writes(b, clock)
			case "later":
				clock.SetTime(clock.Now().Add(5 * time.Hour))
				if err := writer.Compact(t.Context(), noon.Add(-48*time.Hour)); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if err := writer.Flush(t.Context(), nil); err != nil {
			rt.Fatal(err)
		}
		for range 4 {
			q := Query{OldestFirst: rapid.Bool().Draw(rt, "oldest first"), Limit: rapid.IntRange(1, 50).Draw(rt, "limit")}
			if rapid.Bool().Draw(rt, "by task") {
				q.Keep = func(k *Key) bool { return k.Task == "sync" }
			}
			if rapid.Bool().Draw(rt, "by phase") {
				q.Match = func(e *v1alpha1.TaskExecution) bool { return e.Status.Phase == v1alpha1.PhaseFailed }
			}
			if rapid.Bool().Draw(rt, "bounded") {
				q.From, q.To = noon.Add(-20*time.Hour).Unix(), noon.Add(-2*time.Hour).Unix()
			}
			if diff := cmp.Diff(there.page(q), all(t, reads(b, "cluster-a"), q)); diff != "" {
				rt.Fatalf("%+v: %s", q, diff)
			}
		}
	})
}

// fewerChecks makes rapid check a property 30 times instead of 100, unless the command line says how often: each check writes dozens of
// segments.
func fewerChecks(t *testing.T) {
	t.Helper()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("30"); err != nil {
			t.Fatal(err)
		}
	}
}

// Runs of one second, in both orders, over pages that end within the second.
func TestPagesThatEndWithinASecond(t *testing.T) {
	b := folder(t)
	writer := writes(b, clocktesting.NewFakePassiveClock(noon))
	var there model
	for i := range 50 {
		there = append(there, ended(fmt.Sprintf("run-%02d", i), noon.Add(-time.Duration(i/25)*time.Second)))
	}
	rand.Shuffle(len(there), func(i, j int) { there[i], there[j] = there[j], there[i] })
	for i, e := range there {
		if err := writer.Put(t.Context(), e, nil); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			if err := writer.Flush(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			writer = writes(b, clocktesting.NewFakePassiveClock(noon))
		}
	}
	if err := writer.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, oldest := range []bool{false, true} {
		q := Query{OldestFirst: oldest, Limit: 7}
		if diff := cmp.Diff(there.page(q), all(t, reads(b, "cluster-a"), q)); diff != "" {
			t.Errorf("oldest first %v: %s", oldest, diff)
		}
	}
}

func TestRecordIsRead(t *testing.T) {
	b := folder(t)
	writer := writes(b, clocktesting.NewFakePassiveClock(noon))
	e := ended("sync-1", noon)
	task := &v1alpha1.Task{}
	task.Name, task.UID, task.Generation = "report-export", "task-uid", 3
	task.Spec.Description = "exports reports"
	snapshot, err := SnapshotOf(task)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Put(t.Context(), e, snapshot); err != nil {
		t.Fatal(err)
	}
	got, err := reads(b, "cluster-a").Get(t.Context(), "team-a", "sync-1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(trimmed(e).Status, got.Execution.Status); diff != "" {
		t.Error(diff)
	}
	if got.Task.Spec.Description != "exports reports" || got.Task.Hash == "" {
		t.Errorf("got the task %+v", got.Task)
	}
	for name, want := range map[Cluster]string{"cluster-a": "sync-2", "cluster-b": "sync-1"} {
		if got, err := reads(b, name).Get(t.Context(), "team-a", want); got != nil || err != nil {
			t.Errorf("cluster %s has a record of %s: %v, %v", name, want, got, err)
		}
	}
}

// A name that was used again has the record of the newest run.
func TestRecordOfANameThatWasUsedAgain(t *testing.T) {
	b := folder(t)
	writer := writes(b, clocktesting.NewFakePassiveClock(noon))
	for i, uid := range []types.UID{"b", "a", "c"} {
		e := ended("sync-1", noon.Add(time.Duration(i)*time.Minute))
		e.UID = uid
		if err := writer.Put(t.Context(), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := reads(b, "cluster-a").Get(t.Context(), "team-a", "sync-1")
	if err != nil || got.Execution.UID != "c" {
		t.Errorf("got %+v, %v", got, err)
	}
}
