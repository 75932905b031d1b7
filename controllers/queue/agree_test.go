// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"slices"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// catchUp delivers all events and reconciles everything. No Job ends meanwhile.
func (c *cluster) catchUp() {
	for step := 0; len(c.todo)+len(c.events) > 0; step++ {
		if step > 100_000 {
			c.Fatal("the controller does not catch up")
		}
		c.deliver()
		c.look()
	}
}

// agree compares the ledger with the census of the recorded state, when the controller has caught up. Both must judge
// one more execution of each Task alike. It reports whether there was anything to compare.
func (c *cluster) agree() (compared bool) {
	byTask := map[string][]*v1alpha1.TaskExecution{}
	for _, e := range c.truth {
		if c.running[e.Name] && e.Status.Job == nil {
			return false // the controller died before it recorded the Job
		}
		byTask[e.Name[:1]] = append(byTask[e.Name[:1]], e)
	}
	for task, executions := range byTask {
		taken := census.Take(executions)
		for _, e := range taken.Active {
			if x := c.ledger.entries[e.UID]; x == nil || x.state != active {
				c.Fatalf("%s is active by the census, and in the ledger it is %+v", e.Name, x)
			}
		}
		for _, e := range taken.Waiting {
			x := c.ledger.entries[e.UID]
			if x == nil || x.state != waiting {
				c.Fatalf("%s waits by the census, and in the ledger it is %+v", e.Name, x)
			}
			if at := slices.Index(x.queue.waiting, x); at != taken.Ahead(e) {
				c.Fatalf("%s has %d ahead of it in the ledger, and %d by the census", e.Name, at, taken.Ahead(e))
			}
		}
		compared = compared || len(taken.Waiting) > 0
		c.sameVerdict(task, taken.Occupancy())
	}
	return compared
}

// sameVerdict makes the ledger and the census judge one more execution of a Task. It skips cases with a limit over all
// Tasks or a deleted execution, which the census does not know.
func (c *cluster) sameVerdict(task string, occupancy census.Occupancy) {
	if c.ledger.NeedsSeed(c.rules[task]) {
		c.seed()
	}
	if c.limits.any() || len(c.ledger.kept) > 0 {
		return
	}
	next := execution(task, task+"next", c.made)
	c.ledger.Observe(next)
	place, woken, _ := c.ledger.Ask(next.UID, c.rules[task], noon)
	got := census.Start
	if !place.Granted {
		got = place.Judge(false).Outcome
	}
	if want := c.rules[task].Judge(occupancy).Outcome; got != want || len(woken) > 0 {
		c.Fatalf("one more of task %s: the ledger says %s and wakes %v, the census says %s of %+v", task, got, woken, want, occupancy)
	}
	c.wake(c.ledger.Observe(ended(next)))
}
