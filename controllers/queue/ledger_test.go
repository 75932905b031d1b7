// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// execution returns an execution of a task, created some seconds after noon. Its UID is its name.
func execution(task, name string, second int) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(second) * time.Second)),
	}}
	e.Spec.TaskRef.Name = task
	return e
}

func with(e *v1alpha1.TaskExecution, change func(*v1alpha1.TaskExecution)) *v1alpha1.TaskExecution {
	changed := e.DeepCopy()
	change(changed)
	return changed
}

func ended(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	return with(e, func(e *v1alpha1.TaskExecution) { e.Status.Phase = v1alpha1.PhaseCompleted })
}

func withJob(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	return with(e, func(e *v1alpha1.TaskExecution) { e.Status.Job = &v1alpha1.JobIdentity{Name: "job"} })
}

func cancelled(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	return with(e, func(e *v1alpha1.TaskExecution) { e.Spec.Cancel = &v1alpha1.CancelRequest{} })
}

func rules(policy v1alpha1.ConcurrencyPolicy, maxRunning int) Rules {
	return Rules{TaskUID: "task", Generation: 1, Rules: census.Rules{Policy: policy, MaxRunning: maxRunning, MaxQueued: v1alpha1.DefaultMaxQueued}}
}

func names(keys []types.NamespacedName) string {
	var out []string
	for _, key := range keys {
		out = append(out, key.Name)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// seeded returns a ledger that has seen some executions.
func seeded(limits Limits, executions ...*v1alpha1.TaskExecution) *Ledger {
	l := NewLedger(limits)
	for _, e := range executions {
		l.Observe(e)
	}
	l.Seed(nil)
	return l
}

// answer returns the ledger's answer to an execution: "turn", or its position and what blocks it.
func answer(t *testing.T, l *Ledger, name string, r Rules) string {
	t.Helper()
	p, _, known := l.Ask(types.UID(name), r, noon)
	switch {
	case !known:
		return "unknown"
	case p.Granted:
		return "turn"
	}
	v := p.Judge(false)
	if v.Reason == v1alpha1.ReasonQueueFull {
		return "full"
	}
	out := fmt.Sprintf("%d %s", p.Position, v.BlockedBy)
	if len(p.Replaces) > 0 {
		out += " replaces " + names(p.Replaces)
	}
	return out
}

func wants(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestTurnsAreInTheOrderOfCreation(t *testing.T) {
	r := rules(v1alpha1.ConcurrencyQueue, 2)
	a, b, c, d := execution("sync", "a", 1), execution("sync", "b", 1), execution("sync", "c", 2), execution("sync", "d", 0)
	l := seeded(Limits{}, c, b, a, d)
	wants(t, "the youngest asks first", answer(t, l, "c", r), "2 Task") // d and a have the places
	wants(t, "then the oldest", answer(t, l, "d", r), "turn")
	wants(t, "by name within a second", answer(t, l, "b", r), "1 Task")
	wants(t, "the other", answer(t, l, "a", r), "turn")
	wants(t, "an end wakes the next and nobody else", names(l.Observe(ended(a))), "b")
	wants(t, "an end that is seen twice", names(l.Observe(ended(a))), "")
	wants(t, "and it has its turn", answer(t, l, "b", r), "turn")
	wants(t, "who has ended", answer(t, l, "a", r), "unknown")
	wants(t, "one that goes away", names(l.Observe(cancelled(c))), "")
	wants(t, "a place for nobody", names(l.Observe(ended(b))), "")
}

func TestNoLimitedTurnBeforeTheSeed(t *testing.T) {
	r := rules(v1alpha1.ConcurrencyQueue, 1)
	l := NewLedger(Limits{})
	l.Observe(execution("sync", "a", 1))
	l.Observe(execution("sync", "b", 2))
	l.Observe(execution("free", "c", 3))
	if l.NeedsSeed(rules(v1alpha1.ConcurrencyAllow, 0)) || !l.NeedsSeed(r) {
		t.Error("only what is limited needs a seed")
	}
	wants(t, "an unlimited turn", answer(t, l, "c", rules(v1alpha1.ConcurrencyAllow, 0)), "turn")
	// The Job of b was created right before a crash, so b is active whatever its age.
	l.Seed([]Found{{Key: types.NamespacedName{Namespace: "ns", Name: "b"}, UID: "b", Task: "sync"}})
	wants(t, "the one whose Job exists", answer(t, l, "b", r), "turn")
	wants(t, "the other", answer(t, l, "a", r), "1 Task")
	if l.NeedsSeed(r) {
		t.Error("one seed is enough")
	}
}

func TestForbidAndItsRoom(t *testing.T) {
	r := rules(v1alpha1.ConcurrencyForbid, 1)
	a, b := execution("sync", "a", 1), execution("sync", "b", 1)
	l := seeded(Limits{}, a, b)
	wants(t, "of two at once the second in order", answer(t, l, "b", r), "1 Task")
	wants(t, "has no room for the first has it", answer(t, l, "a", r), "turn")
}

func TestReplace(t *testing.T) {
	r := rules(v1alpha1.ConcurrencyReplace, 1)
	a, b, c := execution("sync", "a", 1), execution("sync", "b", 2), execution("sync", "c", 3)
	l := seeded(Limits{}, a)
	wants(t, "the first", answer(t, l, "a", r), "turn")
	l.Observe(b)
	wants(t, "the second", answer(t, l, "b", r), "1 Task replaces a")
	l.Observe(c)
	wants(t, "the third replaces one that waits too", answer(t, l, "c", r), "2 Task replaces a b")
	wants(t, "one that is replaced takes no turn", names(l.Observe(ended(a))), "c")
	wants(t, "the newest has it", answer(t, l, "c", r), "turn")
	l.Observe(cancelled(b))
	wants(t, "who was cancelled asks no more", answer(t, l, "b", r), "unknown")

	two := seeded(Limits{}, a, b)
	r.MaxRunning = 2
	answer(t, two, "a", r)
	two.Observe(cancelled(withJob(b)))
	two.Observe(c)
	wants(t, "one that is ending counts, and is not replaced", answer(t, two, "c", r), "1 Task")
}

func TestQueueIsFull(t *testing.T) {
	r := rules(v1alpha1.ConcurrencyQueue, 1)
	r.MaxQueued = 2
	l := seeded(Limits{})
	for i, name := range []string{"a", "b", "c", "d"} {
		l.Observe(execution("sync", name, i))
	}
	wants(t, "the last of four", answer(t, l, "d", r), "full")
	wants(t, "the third", answer(t, l, "c", r), "2 Task")
	wants(t, "the second", answer(t, l, "b", r), "1 Task")
	l.Observe(execution("sync", "0", 0)) // created in the same second, seen later
	wants(t, "who comes later is refused, whatever its place", answer(t, l, "0", r), "full")
	wants(t, "and who was accepted is not", answer(t, l, "c", r), "3 Task")

	again := seeded(Limits{}, withJob(execution("sync", "a", 0)))
	for i := range 3 { // accepted before a restart, when more might wait
		again.Observe(with(execution("sync", fmt.Sprint("q", i), i), func(e *v1alpha1.TaskExecution) { e.Status.Phase = v1alpha1.PhaseQueued }))
	}
	wants(t, "after a restart", answer(t, again, "q2", r), "3 Task")
	r.MaxQueued, r.Generation = 0, 2
	again.Observe(execution("sync", "new", 9))
	wants(t, "nobody may wait", answer(t, again, "new", r), "full")
}

func TestLimitsOverAllTasks(t *testing.T) {
	free := rules(v1alpha1.ConcurrencyAllow, 0)
	other := func(task, name string, second int) *v1alpha1.TaskExecution {
		return with(execution(task, name, second), func(e *v1alpha1.TaskExecution) { e.Namespace = "other" })
	}
	a, b, c, d := execution("sync", "a", 1), execution("copy", "b", 2), execution("sync", "c", 3), other("sync", "d", 4)
	l := seeded(Limits{Total: 2, PerNamespace: 1}, a, b, c, d)
	wants(t, "the first of its namespace", answer(t, l, "a", free), "turn")
	wants(t, "the second of its namespace", answer(t, l, "b", free), "1 Namespace")
	wants(t, "the first of another", answer(t, l, "d", free), "turn")
	e := other("copy", "e", 5)
	l.Observe(e)
	wants(t, "the second of another", answer(t, l, "e", free), "1 Namespace")
	wants(t, "another task's turn", names(l.Observe(ended(a))), "b")
	wants(t, "for which c waited too", answer(t, l, "c", free), "1 Namespace")
	wants(t, "a place in the other namespace", names(l.Observe(ended(d))), "e")

	all := seeded(Limits{Total: 1}, a, b)
	wants(t, "b is not before a, which has not asked", answer(t, all, "b", free), "turn")
	wants(t, "a then waits", answer(t, all, "a", free), "1 Controller")
	own := seeded(Limits{Total: 2}, a, b, c)
	wants(t, "a task's own limit", answer(t, own, "a", rules(v1alpha1.ConcurrencyQueue, 1)), "turn")
	wants(t, "does not keep others", answer(t, own, "c", rules(v1alpha1.ConcurrencyQueue, 1)), "1 Task")
	wants(t, "from their turn", answer(t, own, "b", free), "turn")
}

// A place is kept while the pods of a run that is gone, or has ended, may still run.
func TestTurnsThatAreKept(t *testing.T) {
	r := rules(v1alpha1.ConcurrencyQueue, 1)
	a, b := execution("sync", "a", 1), execution("sync", "b", 2)
	key := types.NamespacedName{Namespace: "ns", Name: "a"}
	for name, end := range map[string]func(*Ledger) string{
		"deleted":           func(l *Ledger) string { return names(l.Forget(a)) },
		"ended by its word": func(l *Ledger) string { l.Keep("a"); return names(l.Observe(ended(a))) },
	} {
		l := seeded(Limits{}, a, b)
		answer(t, l, "a", r)
		wants(t, "b, before", answer(t, l, "b", r), "1 Task")
		wants(t, name, end(l), "")
		wants(t, name+", b still waits", answer(t, l, "b", r), "1 Task")
		if got := l.Kept(key); !slices.Equal(got, []types.UID{"a"}) {
			t.Errorf("%s: kept %v", name, got)
		}
		wants(t, name+", released", names(l.Release("a")), "b")
		wants(t, name+", released twice", names(l.Release("a")), "")
	}
	l := seeded(Limits{}, a, b)
	wants(t, "deleted before its turn", names(l.Forget(a)), "")
	wants(t, "nothing is kept", answer(t, l, "b", r), "turn")

	gone := NewLedger(Limits{})
	gone.Observe(b)
	wants(t, "what is left of a from before a restart is looked at", names(gone.Seed([]Found{{Key: key, UID: "a", Task: "sync"}})), "a")
	wants(t, "and counts", answer(t, gone, "b", r), "1 Task")
	wants(t, "until it is over", names(gone.Release("a")), "b")

	free := seeded(Limits{}, a)
	answer(t, free, "a", rules(v1alpha1.ConcurrencyAllow, 0))
	free.Forget(a)
	if len(free.entries)+len(free.queues) > 0 {
		t.Error("nothing is kept of what was not limited")
	}
}

func TestRulesOfAnOlderTaskDoNotCount(t *testing.T) {
	l := seeded(Limits{}, execution("sync", "a", 1), execution("sync", "b", 2), execution("sync", "c", 3))
	newer := rules(v1alpha1.ConcurrencyQueue, 1)
	newer.Generation = 2
	wants(t, "under the newer", answer(t, l, "a", newer), "turn")
	wants(t, "asked by who read the older", answer(t, l, "b", rules(v1alpha1.ConcurrencyQueue, 5)), "1 Task")
	newer.Generation, newer.MaxRunning = 3, 2
	_, woken, _ := l.Ask("c", newer, noon)
	wants(t, "a wider limit wakes whose turn came", names(woken), "b")
}

// A position is reported again at a quarter of the last report. A queue of n causes n log n reconciles, not n².
func TestPositionsAreToldNowAndThen(t *testing.T) {
	const n = 200
	r := rules(v1alpha1.ConcurrencyQueue, 1)
	l := seeded(Limits{})
	var all []*v1alpha1.TaskExecution
	for i := range n {
		all = append(all, execution("sync", fmt.Sprintf("e%03d", i), i))
		l.Observe(all[i])
	}
	looks := 0
	for _, e := range all {
		answer(t, l, e.Name, r)
	}
	for _, e := range all {
		woken := l.Observe(ended(e))
		for _, key := range woken {
			answer(t, l, key.Name, r)
		}
		looks += len(woken)
	}
	if looks < n || looks > 5*n {
		t.Errorf("%d looks for %d executions", looks, n)
	}
	if len(l.entries)+len(l.queues)+len(l.activeIn)+l.active > 0 {
		t.Errorf("left over: %d entries, %d queues", len(l.entries), len(l.queues))
	}
}
