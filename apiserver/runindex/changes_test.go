// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// view is what a watcher knows: the version of each execution.
type view map[string]string

func (v view) apply(changes []Change) {
	for _, c := range changes {
		if delete(v, c.Name); c.Execution != nil {
			v[c.Name] = c.Execution.ResourceVersion
		}
	}
}

func (w *world) view(task string) view {
	v := view{}
	for name, e := range w.executions {
		if task == "" || e.Spec.TaskRef.Name == task {
			v[name] = e.ResourceVersion
		}
	}
	return v
}

// However rarely a watcher reads, it ends up with the true state, even if it resumes from a bare version each time.
func TestWatchersAgainstAModel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, task := range []string{"", "sync"} {
		w := newWorld()
		w.put("first", "sync", 0)
		mark, seen := w.Now(), w.view(task)
		for range 600 {
			for range r.IntN(5) {
				w.step(r)
			}
			if r.IntN(3) == 0 && mark.Version != w.Now().Version {
				resumed, ok := w.Resume(mark.Version)
				if !ok {
					t.Fatalf("version %d of %d cannot be resumed", mark.Version, w.version)
				}
				mark = resumed
			}
			last := mark.Version
			changes, next, ok := w.Changes(mark, task, 1+r.IntN(20))
			if !ok {
				t.Fatalf("changes after %d are reported as lost", mark.Version)
			}
			for _, c := range changes {
				if c.Version <= last {
					t.Fatalf("version %d comes after %d", c.Version, last)
				}
				last = c.Version
			}
			seen.apply(changes)
			mark = next
			if r.IntN(10) == 0 {
				for len(changes) > 0 {
					changes, mark, _ = w.Changes(mark, task, 7)
					seen.apply(changes)
				}
				if diff := gocmp.Diff(w.view(task), seen); diff != "" {
					t.Fatal(diff)
				}
			}
		}
	}
}

func TestResume(t *testing.T) {
	started := func() *world {
		w := newWorld()
		w.index.Put(execution("old", "sync", 0, 50), true)
		w.index.Put(execution("older", "sync", 0, 40), true)
		return w
	}
	for name, c := range map[string]struct {
		version uint64
		after   func(*world)
		want    bool
	}{
		"nothing happened yet":            {50, func(*world) {}, false},
		"from before this process":        {50, func(w *world) { w.put("new", "sync", 1) }, false},
		"just before what was seen first": {100, func(w *world) { w.put("new", "sync", 1) }, false},
		"what was seen first":             {101, func(w *world) { w.put("new", "sync", 1) }, true},
		"ahead of this replica":           {102, func(w *world) { w.put("new", "sync", 1) }, false},
		"zero":                            {0, func(w *world) { w.put("new", "sync", 1) }, false},
		"a deletion that is remembered":   {101, func(w *world) { w.put("new", "sync", 1); w.remove("new") }, true},
		"before one whose time is unknown": {101, func(w *world) {
			w.put("new", "sync", 1)
			w.put("b", "sync", 1)
			w.index.Remove(w.executions["new"], false)
		}, false},
		"before many deletions": {101, func(w *world) {
			for i := range maxTombstones + 1 {
				w.put(fmt.Sprint(i), "sync", 1)
				w.remove(strconv.Itoa(i))
			}
		}, false},
		"after the first of many": {104, func(w *world) {
			for i := range maxTombstones + 1 {
				w.put(fmt.Sprint(i), "sync", 1)
				w.remove(strconv.Itoa(i))
			}
		}, true},
	} {
		w := started()
		c.after(w)
		if _, ok := w.Resume(c.version); ok != c.want {
			t.Errorf("%s: %v, want %v", name, ok, c.want)
		}
	}
	if _, ok := NewIndex().In("nobody").Resume(1); ok {
		t.Error("a namespace without executions was resumed")
	}
}

// After an interrupted watch, a list in any order repairs the index, and watchers are told to read everything again.
func TestInterruption(t *testing.T) {
	w := newWorld()
	w.put("a", "sync", 0)
	w.put("b", "sync", 0)
	w.put("gone", "sync", 0)
	before := w.Now()
	w.version = 200
	w.put("b", "sync", 0)
	between := w.Now()
	if _, _, ok := w.Changes(before, "", 10); !ok {
		t.Fatal("a change in order counts as an interruption")
	}
	w.version = 150
	w.put("a", "sync", 0)
	w.index.Remove(w.executions["gone"], false)
	for _, m := range []Mark{before, between} {
		if _, _, ok := w.Changes(m, "", 10); ok {
			t.Errorf("a watcher at %d is not told that it missed changes", m.Version)
		}
	}
	if changes, _, ok := w.Changes(w.Now(), "", 10); !ok || len(changes) != 0 {
		t.Errorf("after Now: %v %v", changes, ok)
	}
	if got := w.Get("a").ResourceVersion; got != "151" || w.Get("gone") != nil {
		t.Errorf("a is at %s", got)
	}
}

// An execution of the same name is another one if its UID differs, even if the deletion in between was missed.
func TestSameNameAnew(t *testing.T) {
	w := newWorld()
	w.put("a", "sync", 0)
	mark := w.Now()
	anew := execution("a", "clean", 5, 300)
	anew.UID = "another"
	w.index.Put(anew, false)
	if _, _, ok := w.Changes(mark, "", 10); ok {
		t.Error("the watcher is not told that it missed the deletion")
	}
	if got := w.Page(Query{Task: "sync", Limit: 1, Scan: 1}); len(got.Executions) != 0 {
		t.Errorf("its old task still has %v", namesOf(got.Executions))
	}
	if got := w.Page(Query{Task: "clean", Limit: 1, Scan: 1}); len(got.Executions) != 1 {
		t.Error("its task does not have it")
	}
	w.index.Remove(w.executions["a"], true) // it comes too late
	if w.Get("a") != anew {
		t.Error("the new one was removed")
	}
}

// A resync of the informer is not a change.
func TestRepetition(t *testing.T) {
	w := newWorld()
	w.put("a", "sync", 0)
	watch := w.Watch("", "a")
	defer watch.Stop()
	same := w.executions["a"].DeepCopy()
	w.index.Put(same, false)
	select {
	case <-watch.C:
		t.Error("it counts as a change")
	default:
	}
	if w.Get("a") != same {
		t.Error("the index does not have the object of the cache")
	}
}

func TestWatchTopics(t *testing.T) {
	w := newWorld()
	watches := map[string]*Watch{
		"namespace": w.Watch("", ""), "task": w.Watch("sync", ""), "name": w.Watch("", "a"),
		"other task": w.Watch("clean", ""), "other name": w.Watch("", "b"), "other namespace": w.index.In("other").Watch("", ""),
	}
	w.put("a", "sync", 0)
	w.put("a", "sync", 0) // while the first signal is still pending
	for name, watch := range watches {
		signals := 0
		for done := false; !done; {
			select {
			case <-watch.C:
				signals++
			default:
				done = true
			}
		}
		if want := map[string]int{"namespace": 1, "task": 1, "name": 1}[name]; signals != want {
			t.Errorf("%s: %d signals, want %d", name, signals, want)
		}
		watch.Stop()
	}
}

func TestAwait(t *testing.T) {
	w := newWorld()
	w.Await(t.Context(), 0)
	done := make(chan struct{})
	go func() { defer close(done); w.Await(t.Context(), 103) }()
	for range 3 {
		w.put("a", "sync", 0)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it still waits, though the version was seen")
	}
}

// A page costs the same at any depth.
func BenchmarkPage(b *testing.B) {
	w := newWorld()
	for i := range 10_000 {
		w.put(fmt.Sprint("run-", i), "sync", i)
	}
	for _, depth := range []int{0, 5000, 9900} {
		b.Run(fmt.Sprint(depth), func(b *testing.B) {
			after := Position{noon.Unix() + int64(10_000-depth), "zzz"}
			for b.Loop() {
				if page := w.Page(Query{Task: "sync", After: &after, Limit: 100, Scan: 50_000}); len(page.Executions) == 0 {
					b.Fatal("empty")
				}
			}
		})
	}
	b.Run("filter without matches", func(b *testing.B) {
		for b.Loop() {
			w.Page(Query{Limit: 100, Scan: 50_000, Match: func(e *v1alpha1.TaskExecution) bool { return e.Status.Phase == v1alpha1.PhaseFailed }})
		}
	})
}
