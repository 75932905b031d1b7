package history

import (
	"context"
	"time"

	"k8s.io/utils/third_party/forked/golang/btree"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Namespace of an Index. What it gives is shared and must not be changed.
type Namespace struct {
	index *Index
	name  string
}

// In gives a namespace, which need not have any execution.
func (x *Index) In(namespace string) Namespace { return Namespace{x, namespace} }

// read calls with the shelf, unless there is none; it must be quick.
func (n Namespace) read(look func(*shelf)) {
	n.index.mu.RLock()
	defer n.index.mu.RUnlock()
	if s := n.index.shelves[n.name]; s != nil {
		look(s)
	}
}

// Get gives an execution, or nil.
func (n Namespace) Get(name string) (found *v1alpha1.TaskExecution) {
	n.read(func(s *shelf) {
		if e := s.byName[name]; e != nil {
			found = e.execution
		}
	})
	return found
}

// Query says which part of the history is wanted.
type Query struct {
	// Task whose executions are wanted, empty for all.
	Task        string
	OldestFirst bool
	// From and To bound the creation, both included. Zero is open.
	From, To time.Time
	// After is the position behind which to begin.
	After *Position
	// Match chooses; nil takes all. It is called under the index's lock.
	Match func(*v1alpha1.TaskExecution) bool
	// Skip so many that match.
	Skip int
	// Limit of executions.
	Limit int
	// Bytes bounds what the executions weigh together, but for the first, where Weigh gives their weight.
	Bytes int
	Weigh func(*v1alpha1.TaskExecution) int
	// Scan bounds how many are looked at.
	Scan int
	// Count those that match.
	Count bool
}

// Page is a part of the history.
type Page struct {
	Executions []*v1alpha1.TaskExecution
	// Next is where to go on, nil at the end. What follows need not match.
	Next *Position
	// Total is how many match; Counted tells that this is known.
	Total   int
	Counted bool
}

// Page reads what a query asks for. A page that looked at Scan executions may have fewer than Limit, and goes on.
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

// scan is one reading.
type scan struct {
	Query
	page   *Page
	looked int
	weight int
	last   Position
}

func (c *scan) over(tree *btree.BTree[*entry]) {
	if c.OldestFirst {
		pivot := &entry{Position: Position{Created: ceil(c.From), Name: "\xff"}} // in the second that is behind the last name
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

// ceil in seconds: what was made in the second before a fraction was made before it.
func ceil(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Second - 1).Unix()
}

// visit one, and tell whether to go on.
func (c *scan) visit(e *entry) bool {
	switch {
	case c.After != nil && e.Position == *c.After:
		return true
	case c.OldestFirst && !c.To.IsZero() && e.Created > c.To.Unix(), !c.OldestFirst && e.Created < ceil(c.From):
		return false
	case c.looked == c.Scan:
		c.goOn(c.last)
		return false
	}
	c.looked++
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

// fits reports whether there is room for the bytes of one more.
func (c *scan) fits(e *v1alpha1.TaskExecution) bool {
	if c.Weigh == nil {
		return true
	}
	c.weight += c.Weigh(e)
	return c.weight <= c.Bytes || len(c.page.Executions) == 0
}

func (c *scan) goOn(after Position) { c.page.Next, c.page.Counted = &after, false }

// Each visits the executions of a task, or all when it is empty, newest first. The index is locked meanwhile.
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

// Await waits until a version was seen, or ctx ends.
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
