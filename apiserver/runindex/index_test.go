// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2025, 11, 25, 12, 0, 0, 0, time.UTC)

func execution(name, task string, second int, version uint64) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: name, UID: types.UID("uid of " + name), ResourceVersion: strconv.FormatUint(version, 10),
		CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(second) * time.Second)),
	}}
	e.Spec.TaskRef.Name = task
	return e
}

// world is an API server with one namespace, its Index, and a simple model of the Index.
type world struct {
	version    uint64
	executions map[string]*v1alpha1.TaskExecution
	index      *Index
	Namespace
}

func newWorld() *world {
	x := NewIndex()
	return &world{version: 100, executions: map[string]*v1alpha1.TaskExecution{}, index: x, Namespace: x.In("default")}
}

func (w *world) put(name, task string, second int) {
	w.version++
	e := execution(name, task, second, w.version)
	if old := w.executions[name]; old != nil {
		e.CreationTimestamp, e.Spec.TaskRef = old.CreationTimestamp, old.Spec.TaskRef
	}
	w.executions[name] = e
	w.index.Put(e, false)
}

func (w *world) remove(name string) {
	w.version++
	last := w.executions[name].DeepCopy()
	last.ResourceVersion = strconv.FormatUint(w.version, 10)
	delete(w.executions, name)
	w.index.Remove(last, true)
}

// step adds, changes or removes an execution at random.
func (w *world) step(r *rand.Rand) {
	name := fmt.Sprintf("run-%d", r.IntN(60))
	if w.executions[name] != nil && r.IntN(3) == 0 {
		w.remove(name)
		return
	}
	w.put(name, []string{"sync", "clean", "idle"}[r.IntN(3)], r.IntN(20))
}

// page returns the names of all executions that match, the simple way: it sorts and filters everything.
func (w *world) page(q Query) (names []string) {
	all := slices.Collect(maps.Values(w.executions))
	order := func(a, b *v1alpha1.TaskExecution) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	}
	slices.SortFunc(all, order)
	if q.OldestFirst {
		slices.Reverse(all)
	}
	for _, e := range all {
		at := e.CreationTimestamp.Time
		if (q.Task == "" || q.Task == e.Spec.TaskRef.Name) && (q.From.IsZero() || !at.Before(q.From)) && (q.To.IsZero() || !at.After(q.To)) &&
			(q.Match == nil || q.Match(e)) {
			names = append(names, e.Name)
		}
	}
	return names
}

func namesOf(executions []*v1alpha1.TaskExecution) (names []string) {
	for _, e := range executions {
		names = append(names, e.Name)
	}
	return names
}

// aQuery returns a random query, with time bounds at and between whole seconds.
func aQuery(r *rand.Rand) Query {
	q := Query{OldestFirst: r.IntN(2) == 0, Limit: 1 + r.IntN(8), Scan: 1 + r.IntN(100)}
	if r.IntN(2) == 0 {
		q.Task = "sync"
	}
	bound := func() time.Time { return noon.Add(time.Duration(r.IntN(22000)-1000) * time.Millisecond) }
	if r.IntN(2) == 0 {
		q.From = bound()
	}
	if r.IntN(2) == 0 {
		q.To = bound()
	}
	if r.IntN(2) == 0 {
		q.Match = func(e *v1alpha1.TaskExecution) bool { return e.Name[len(e.Name)-1]%2 == 0 }
	}
	return q
}

// After any sequence of changes, the pages of a list together equal the sorted list of everything.
func TestPagesAgainstAModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := newWorld()
	for range 600 {
		w.step(r)
		q := aQuery(r)
		want := w.page(q)
		var got []string
		for pages := 0; ; pages++ {
			page := w.Page(q)
			if len(page.Executions) > q.Limit || pages > 2000 {
				t.Fatalf("page %d has %d executions of %d", pages, len(page.Executions), q.Limit)
			}
			got = append(got, namesOf(page.Executions)...)
			if page.Next == nil {
				break
			}
			q.After = page.Next
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v: %s", q, diff)
		}
		q.After, q.Skip, q.Count, q.Scan = nil, r.IntN(10), true, 1000
		page := w.Page(q)
		if rest := want[min(q.Skip, len(want)):]; !slices.Equal(namesOf(page.Executions), rest[:min(q.Limit, len(rest))]) || page.Total != len(want) || !page.Counted {
			t.Fatalf("%+v: %v, and %d in all, of %v", q, namesOf(page.Executions), page.Total, want)
		}
		var each []string
		w.Each(q.Task, func(e *v1alpha1.TaskExecution) { each = append(each, e.Name) })
		if all := w.page(Query{Task: q.Task}); !slices.Equal(each, all) {
			t.Fatalf("each is %v, want %v", each, all)
		}
	}
}

// A page that reached the scan limit says where to continue, and that its total is incomplete.
func TestScanIsBounded(t *testing.T) {
	w := newWorld()
	for i := range 10 {
		w.put(fmt.Sprint("run-", i), "sync", i)
	}
	q := Query{Limit: 5, Scan: 4, Count: true, Match: func(e *v1alpha1.TaskExecution) bool { return e.Name == "run-1" }}
	page := w.Page(q)
	if page.Counted || len(page.Executions) != 0 || page.Next == nil || page.Next.Name != "run-6" {
		t.Errorf("got %+v", page)
	}
}

// While other executions are added, removed and changed, each remaining one is on exactly one page.
func TestCursorsAreStable(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		w := newWorld()
		for i := range 40 {
			w.put(fmt.Sprint("stays-", i), "sync", r.IntN(10))
		}
		q := Query{Limit: 1 + r.IntN(7), Scan: 1000, OldestFirst: r.IntN(2) == 0}
		seen := map[string]int{}
		for {
			page := w.Page(q)
			for _, e := range page.Executions {
				seen[e.Name]++
			}
			if page.Next == nil {
				break
			}
			q.After = page.Next
			for range 5 {
				w.step(r)
			}
		}
		for i := range 40 {
			if seen[fmt.Sprint("stays-", i)] != 1 {
				t.Errorf("stays-%d came %d times", i, seen[fmt.Sprint("stays-", i)])
			}
		}
	}
}

// Concurrent readers and a writer, for the race detector.
func TestReadersAtOnce(t *testing.T) {
	w := newWorld()
	done := make(chan struct{})
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(5, uint64(i)))
			watch := w.Watch("sync", "")
			defer watch.Stop()
			mark := w.Now()
			for {
				select {
				case <-done:
					return
				default:
				}
				page := w.Page(aQuery(r))
				for _, e := range page.Executions {
					if w.Get("nobody") != nil || e.Name == "" {
						t.Error("an execution that does not exist")
					}
				}
				_, mark, _ = w.Changes(mark, "sync", 10)
			}
		})
	}
	r := rand.New(rand.NewPCG(6, 6))
	for range 1000 {
		w.step(r)
	}
	close(done)
	readers.Wait()
	if len(w.index.watches.of) != 0 {
		t.Errorf("stopped watches left %d topics", len(w.index.watches.of))
	}
}

// A page ends when the examined executions have cost what they may, and the next page goes on there.
func TestPageIsBoundedByCost(t *testing.T) {
	x := NewIndex()
	for i := range 10 {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: fmt.Sprintf("run-%d", i), UID: types.UID(fmt.Sprint(i)), ResourceVersion: fmt.Sprint(i + 1), CreationTimestamp: metav1.Unix(1, 0)}}
		x.Put(e, true)
	}
	q := Query{
		Limit: 10, Scan: 100, ScanBytes: 3,
		Match: func(e *v1alpha1.TaskExecution) bool { return e.Name == "run-7" },
		Cost:  func(*v1alpha1.TaskExecution) int { return 1 },
	}
	found, pages := "", 0
	for {
		page := x.In("ns").Page(q)
		pages++
		for _, e := range page.Executions {
			found += e.Name
		}
		if page.Next == nil {
			break
		}
		q.After = page.Next
	}
	if found != "run-7" || pages != 4 {
		t.Errorf("found %q on %d pages", found, pages)
	}
	q.After, q.ScanBytes = nil, 0
	if page := x.In("ns").Page(q); page.Next == nil || page.Next.Name != "run-0" {
		t.Errorf("a page that may cost nothing does not go on: %+v", page)
	}
}
