// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/hack/walks"
)

// cluster is a cluster in which executions come, run and end. Its watch is late, and its controller may die at any
// point.
type cluster struct {
	*rapid.T
	limits Limits
	rules  map[string]Rules
	truth  map[string]*v1alpha1.TaskExecution
	// running has the running Jobs; jobs counts how many each execution had.
	running map[string]bool
	jobs    map[string]int
	// events are the watch events to deliver, in order.
	events []event
	// todo is the controller's work queue.
	todo   map[string]bool
	ledger *Ledger
	made   int
	most   map[string]int
}

// event is a watch event: a new state of an execution, or its deletion.
type event struct {
	execution *v1alpha1.TaskExecution
	gone      bool
}

func newCluster(t *rapid.T) *cluster {
	c := &cluster{
		T: t, rules: map[string]Rules{}, truth: map[string]*v1alpha1.TaskExecution{},
		running: map[string]bool{}, jobs: map[string]int{}, most: map[string]int{},
	}
	if c.oneIn(2, "limits over all Tasks") {
		c.limits = Limits{Total: c.number("in all", 0, 4), PerNamespace: c.number("in a namespace", 0, 3)}
	}
	for i, task := range []string{"a", "b", "c"} {
		policy := v1alpha1.ConcurrencyQueue
		if i > 0 {
			policy = rapid.SampledFrom([]v1alpha1.ConcurrencyPolicy{v1alpha1.ConcurrencyQueue, v1alpha1.ConcurrencyReplace, v1alpha1.ConcurrencyAllow}).Draw(t, "policy of "+task)
		}
		r := rules(policy, c.number("maxRunning of "+task, 1, 3))
		if policy == v1alpha1.ConcurrencyAllow && c.oneIn(2, "no maxRunning of "+task) {
			r.MaxRunning = 0
		}
		c.rules[task] = r
	}
	c.restart()
	return c
}

func (c *cluster) number(what string, from, to int) int {
	return rapid.IntRange(from, to).Draw(c.T, what)
}

func (c *cluster) oneIn(n int, what string) bool { return c.number(what, 1, n) == n }

// restart forgets all that the controller knew. It lists everything before it works.
func (c *cluster) restart() {
	c.ledger, c.events, c.todo = NewLedger(c.limits), nil, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.truth)) {
		c.wake(c.ledger.Observe(c.truth[name]))
		c.todo[name] = true
	}
}

func (c *cluster) wake(keys []types.NamespacedName) {
	for _, key := range keys {
		c.todo[key.Name] = true
	}
}

// write stores a new state of an execution, which the watch delivers later.
func (c *cluster) write(e *v1alpha1.TaskExecution) {
	c.truth[e.Name] = e
	c.events = append(c.events, event{execution: e})
}

// deliver delivers one watch event.
func (c *cluster) deliver() {
	if len(c.events) == 0 {
		return
	}
	e := c.events[0]
	c.events = c.events[1:]
	if e.gone {
		c.wake(c.ledger.Forget(e.execution))
	} else {
		c.wake(c.ledger.Observe(e.execution))
	}
	c.todo[e.execution.Name] = true
}

func (c *cluster) pick(what string, from []string) (string, bool) {
	if len(from) == 0 {
		return "", false
	}
	slices.Sort(from)
	return rapid.SampledFrom(from).Draw(c.T, what), true
}

// reconcile does what the reconciler does. It may die between the creation of a Job and the status write.
func (c *cluster) reconcile(name string) {
	delete(c.todo, name)
	e := c.truth[name]
	if e == nil {
		for _, uid := range c.ledger.Kept(types.NamespacedName{Namespace: "ns", Name: name}) {
			if c.running[name] {
				return // the end of its pod causes an event
			}
			c.wake(c.ledger.Release(uid))
		}
		return
	}
	if e.Status.Phase.IsTerminal() || e.Status.Job != nil || c.running[name] {
		return
	}
	if e.Spec.Cancel != nil {
		c.write(with(e, func(e *v1alpha1.TaskExecution) { e.Status.Phase = v1alpha1.PhaseCancelled }))
		return
	}
	r := c.rules[e.Spec.TaskRef.Name]
	if c.ledger.NeedsSeed(r) {
		c.seed()
	}
	place, woken, known := c.ledger.Ask(e.UID, r, noon)
	c.wake(woken)
	switch {
	case !known:
		c.todo[name] = true // the cache is about to catch up
	case place.Granted:
		c.running[name] = true
		c.jobs[name]++
		c.check(e)
		if c.oneIn(8, "the controller dies before it writes") {
			c.restart()
			return
		}
		c.write(withJob(e))
	default:
		for _, key := range place.Replaces {
			if victim := c.truth[key.Name]; victim != nil && !victim.Status.Phase.IsTerminal() && victim.Spec.Cancel == nil {
				c.write(cancelled(victim))
			}
		}
		if e.Status.Phase == "" {
			c.write(with(e, func(e *v1alpha1.TaskExecution) { e.Status.Phase = v1alpha1.PhaseQueued }))
		}
	}
}

func (c *cluster) seed() {
	var found []Found
	for name := range c.running {
		f := Found{Key: types.NamespacedName{Namespace: "ns", Name: name}, UID: types.UID(name), Task: jobspec.LabelValue(name[:1])}
		if e := c.truth[name]; e == nil || !e.Status.Phase.IsTerminal() {
			found = append(found, f)
		}
	}
	c.wake(c.ledger.Seed(found))
}

// check checks what must hold whenever a Job is created.
func (c *cluster) check(e *v1alpha1.TaskExecution) {
	byTask := map[string]int{}
	for name := range c.running {
		byTask[name[:1]]++
	}
	for task, n := range byTask {
		if m := c.rules[task].MaxRunning; m > 0 && n > m {
			c.Fatalf("task %s has %d Jobs at once, may have %d", task, n, m)
		}
		c.most[task] = max(c.most[task], n)
	}
	for what, m := range map[string]int{"in all": c.limits.Total, "in a namespace": c.limits.PerNamespace} {
		if m > 0 && len(c.running) > m {
			c.Fatalf("%d Jobs at once %s, may be %d", len(c.running), what, m)
		}
	}
	if c.jobs[e.Name] > 1 {
		c.Fatalf("%s has a second Job", e.Name)
	}
	if x := c.ledger.entries[e.UID]; c.rules[e.Name[:1]].Policy == v1alpha1.ConcurrencyQueue {
		for _, w := range x.queue.waiting {
			if before(w, x) < 0 {
				c.Fatalf("%s is run before %s", x.key.Name, w.key.Name)
			}
		}
	}
}

// happenings are all actions, each equally likely.
func (c *cluster) happenings() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"an execution is created": func(*rapid.T) { c.create() },
		"one is created, too":     func(*rapid.T) { c.create() },
		"the watch tells":         func(*rapid.T) { c.deliver() },
		"the watch tells, too":    func(*rapid.T) { c.deliver() },
		"a reconcile":             func(*rapid.T) { c.look() },
		"another reconcile":       func(*rapid.T) { c.look() },
		"a Job ends":              func(*rapid.T) { c.endOne() },
		"a user interferes":       func(*rapid.T) { c.interfere() },
	}
}

func (c *cluster) create() {
	task := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(c.T, "of task")
	c.made++
	c.write(execution(task, fmt.Sprintf("%s%03d", task, c.made), c.made/3))
}

func (c *cluster) look() {
	if name, ok := c.pick("at", slices.Collect(maps.Keys(c.todo))); ok {
		c.reconcile(name)
	}
}

func (c *cluster) endOne() {
	if name, ok := c.pick("of", slices.Collect(maps.Keys(c.running))); ok {
		c.end(name)
	}
}

// interfere cancels or deletes an execution, or restarts the controller.
func (c *cluster) interfere() {
	name, ok := c.pick("with", slices.Collect(maps.Keys(c.truth)))
	switch {
	case !ok:
	case c.oneIn(4, "by killing the controller"):
		c.restart()
	case c.oneIn(3, "by deleting it"):
		c.events = append(c.events, event{c.truth[name], true})
		delete(c.truth, name)
	case c.truth[name].Spec.Cancel == nil && !c.truth[name].Status.Phase.IsTerminal():
		c.write(cancelled(c.truth[name]))
	}
}

// calm finishes everything that is under way and begins nothing new.
func (c *cluster) calm() {
	for step := 0; len(c.todo)+len(c.events)+len(c.running) > 0; step++ {
		if step > 100_000 {
			c.Fatal("it does not come to rest")
		}
		c.deliver()
		c.look()
		c.look()
		if step%3 == 0 {
			c.endOne()
		}
	}
}

// end ends a Job and, if its execution exists, records the end.
func (c *cluster) end(name string) {
	delete(c.running, name)
	c.todo[name] = true
	if e := c.truth[name]; e != nil && !e.Status.Phase.IsTerminal() {
		c.write(ended(e))
	}
}

// Whatever happens, the limit of active runs holds, each run has one Job, and all get their places.
func TestWalk(t *testing.T) {
	walks.Same(t, 50, 400)
	busy, compared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster(t)
		happenings := c.happenings()
		happenings["the controller catches up"] = func(*rapid.T) {
			if c.catchUp(); c.agree() {
				compared++
			}
		}
		t.Repeat(happenings)
		c.calm()
		for name, e := range c.truth {
			if !e.Status.Phase.IsTerminal() {
				t.Fatalf("%s never had its turn: %+v, queues %+v", name, e.Status, c.ledger.queues)
			}
		}
		if len(c.ledger.entries)+len(c.ledger.queues)+c.ledger.active > 0 {
			t.Errorf("left over: %v", c.ledger.entries)
		}
		if c.most["a"] == c.rules["a"].MaxRunning {
			busy++
		}
	})
	if !t.Failed() && (busy < 20 || compared < 100) {
		t.Errorf("the clusters are too idle: the limit was reached in %d, and the census was compared %d times", busy, compared)
	}
}

// Parallel workers cannot grant one place twice.
func TestParallelWorkers(t *testing.T) {
	const n, most = 300, 3
	r := rules(v1alpha1.ConcurrencyQueue, most)
	l := seeded(Limits{})
	work, over := make(chan string, 100*n), make(chan struct{})
	for i := range n {
		e := execution("sync", fmt.Sprintf("e%03d", i), i/50)
		l.Observe(e)
		work <- e.Name
	}
	var mu sync.Mutex
	active, done := map[string]bool{}, map[string]bool{}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for {
				var name string
				select {
				case name = <-work:
				case <-over:
					return
				}
				place, woken, _ := l.Ask(types.UID(name), r, noon)
				for _, key := range woken {
					work <- key.Name
				}
				mu.Lock()
				fresh := place.Granted && !done[name]
				if fresh {
					done[name], active[name] = true, true
				}
				if len(active) > most {
					t.Errorf("%d are active", len(active))
				}
				mu.Unlock()
				if !fresh {
					continue
				}
				mu.Lock()
				delete(active, name)
				if len(done) == n {
					close(over)
				}
				mu.Unlock()
				for _, key := range l.Observe(ended(execution("sync", name, 0))) {
					work <- key.Name
				}
			}
		})
	}
	workers.Wait()
	if len(done) != n {
		t.Errorf("%d of %d had their turn", len(done), n)
	}
}
