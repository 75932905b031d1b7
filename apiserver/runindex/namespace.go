// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"context"
	"time"

	"k8s.io/utils/third_party/forked/golang/btree"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Namespace reads one namespace of an Index. The objects that it returns are shared and must not be changed.
type Namespace struct {
	index *Index
	name  string
}

// In returns a namespace, which may be empty.
func (x *Index) In(namespace string) Namespace { return Namespace{x, namespace} }

// read calls look with the shelf while it holds the index's lock, so look must be fast. It does not call look if the
// namespace is empty.
func (n Namespace) read(look func(*shelf)) {
	n.index.mu.RLock()
	defer n.index.mu.RUnlock()
	if s := n.index.shelves[n.name]; s != nil {
		look(s)
	}
}

// Get returns an execution, or nil if there is none of that name.
func (n Namespace) Get(name string) (found *v1alpha1.TaskExecution) {
	n.read(func(s *shelf) {
		if e := s.byName[name]; e != nil {
			found = e.execution
		}
	})
	return found
}

// Query selects a page of the history.
type Query struct {
	// Task is the task whose executions are selected. Empty means all.
	Task        string
	OldestFirst bool
	// From and To bound the creation time, both inclusive. A zero time means no bound.
	From, To time.Time
	// After is the position before the page.
	After *Position
	// Match selects executions; nil selects all. It is called under the index's lock.
	Match func(*v1alpha1.TaskExecution) bool
	// Skip is how many matching executions to leave out before the page.
	Skip int
	// Limit is the maximum number of executions on the page.
	Limit int
	// Bytes limits the sum of the sizes that Weigh returns. The first execution may be larger. Without Weigh there is
	// no limit.
	Bytes int
	Weigh func(*v1alpha1.TaskExecution) int
	// Scan limits how many executions are examined.
	Scan int
	// ScanBytes limits the sum of what Cost returns for the examined executions. The last one may exceed it. Without
	// Cost there is no limit.
	ScanBytes int
	Cost      func(*v1alpha1.TaskExecution) int
	// Count says whether to count all matching executions.
	Count bool
}

// Page is a part of the history.
type Page struct {
	Executions []*v1alpha1.TaskExecution
	// Next is the position before the next page, nil at the end. The next page may be empty.
	Next *Position
	// Total is how many executions match. It is complete only if Counted is true.
	Total   int
	Counted bool
}

// Page returns the page that a query selects. A page with fewer executions than Limit can still have a Next, if Scan
// executions were examined.
func (n Namespace) Page(q Query) (page Page) {
	page.Counted = q.Count
	n.read(func(s *shelf) {
		tree := s.all
		if q.Task != "" {
			tree = s.byTask[q.Task]
		}
		if tree != nil {
			(&scan{Query: q, page: &page}).over(tree)
		}
	})
	return page
}

// scan is the state of one Page.
type scan struct {
	Query
	page   *Page
	looked int
	cost   int
	weight int
	last   Position
}

func (c *scan) over(tree *btree.BTree[*entry]) {
	if c.OldestFirst {
		pivot := &entry{Position: Position{Created: ceil(c.From), Name: "\xff"}} // after every name of that second
		if c.After != nil && c.After.compare(pivot.Position) < 0 {
			pivot.Position = *c.After
		}
		tree.DescendLessOrEqual(pivot, c.visit)
		return
	}
	if c.After == nil && c.To.IsZero() {
		tree.Ascend(c.visit)
		return
	}
	pivot := &entry{Position: Position{Created: c.To.Unix()}}
	if c.To.IsZero() || c.After != nil && c.After.compare(pivot.Position) > 0 {
		pivot.Position = *c.After
	}
	tree.AscendGreaterOrEqual(pivot, c.visit)
}

// ceil returns a time in seconds, rounded up, because creation times have no fractions. It returns 0 for the zero time.
func ceil(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Second - 1).Unix()
}

// visit examines one entry and reports whether to go on.
func (c *scan) visit(e *entry) bool {
	switch {
	case c.After != nil && e.Position == *c.After:
		return true
	case c.OldestFirst && !c.To.IsZero() && e.Created > c.To.Unix(), !c.OldestFirst && e.Created < ceil(c.From):
		return false
	case c.looked == c.Scan, c.Cost != nil && c.cost >= c.ScanBytes && c.looked > 0:
		c.goOn(c.last)
		return false
	}
	c.looked++
	if c.Cost != nil {
		c.cost += c.Cost(e.execution)
	}
	if c.Match != nil && !c.Match(e.execution) {
		c.last = e.Position
		return true
	}
	c.page.Total++
	switch {
	case c.page.Total <= c.Skip:
	case len(c.page.Executions) < c.Limit && c.fits(e.execution):
		c.page.Executions = append(c.page.Executions, e.execution)
	case c.Count:
	default:
		c.goOn(c.last)
		return false
	}
	c.last = e.Position
	return true
}

// fits adds the size of an execution and reports whether the page has room for it.
func (c *scan) fits(e *v1alpha1.TaskExecution) bool {
	if c.Weigh == nil {
		return true
	}
	c.weight += c.Weigh(e)
	return c.weight <= c.Bytes || len(c.page.Executions) == 0
}

// goOn ends the page before the end of the list is reached.
func (c *scan) goOn(after Position) { c.page.Next, c.page.Counted = &after, false }

// Each visits the executions of a task, or of all tasks if it is empty, newest first. It holds the index's lock.
func (n Namespace) Each(task string, visit func(*v1alpha1.TaskExecution)) {
	n.read(func(s *shelf) {
		tree := s.all
		if task != "" {
			tree = s.byTask[task]
		}
		if tree != nil {
			tree.Ascend(func(e *entry) bool { visit(e.execution); return true })
		}
	})
}

// Await waits until the index has seen a version or ctx ends.
func (n Namespace) Await(ctx context.Context, version uint64) {
	reached := func() bool {
		yes := version == 0
		n.read(func(s *shelf) { yes = s.observed >= version })
		return yes
	}
	if reached() {
		return
	}
	w := n.Watch("", "")
	defer w.Stop()
	for !reached() {
		select {
		case <-w.C:
		case <-ctx.Done():
			return
		}
	}
}
