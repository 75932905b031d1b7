// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
)

// Position is the place of a run in the order of creation: by second, newest first, and within a second by name.
type Position struct {
	Created int64
	Name    string
}

// Compare orders positions, newest first.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(q.Created, p.Created), strings.Compare(p.Name, q.Name))
}

// Key is what a segment says about a run without decoding its execution.
type Key struct {
	Position
	UID                          types.UID
	Task, Phase, Source, Trigger string
}

// Query selects a page of the history.
type Query struct {
	OldestFirst bool
	// From and To bound the creation time in seconds since 1970, both inclusive. 0 means no bound.
	From, To int64
	// After is the position before the page.
	After *Position
	// Keep selects runs by their keys; nil selects all. It is cheap.
	Keep func(*Key) bool
	// Match selects among those by the whole execution; nil selects all.
	Match func(*v1alpha1.TaskExecution) bool
	// Limit is the maximum number of runs on the page.
	Limit int
}

// Page is a part of the history.
type Page struct {
	Executions []*v1alpha1.TaskExecution
	// Next is the position before the next page, nil at the end. The next page may be empty.
	Next *Position
}

const (
	// pageSegments bounds how many segments one page reads, and pageDecoded how many executions it decodes. Beyond that, the page
	// ends early and has a Next.
	pageSegments = 8
	pageDecoded  = 20_000
	// decodedAtOnce is how many executions are decoded before it is seen whether the page is full.
	decodedAtOnce = 200
)

// Page returns the page that a query selects, of one namespace.
func (r *Reader) Page(ctx context.Context, namespace string, q Query) (page Page, err error) {
	if err := r.reading.Acquire(ctx, 1); err != nil {
		return page, &bucket.Error{Doing: "waiting for other readers of the archive's history", Err: err}
	}
	defer r.reading.Release(1)
	err = r.retrying(ctx, namespace, func(segments []Segment) error {
		s := &scan{Reader: r, Query: q, ctx: ctx, gone: map[string]bool{}, taken: map[string]bool{}}
		err := s.run(s.within(segments))
		page = s.page
		return err
	})
	return page, err
}

// scan is the state of one Page.
type scan struct {
	*Reader
	Query
	ctx  context.Context //nolint:containedctx // of one request, which the scan does not outlive
	page Page
	// files are the segments that were opened.
	files []*parquet.File
	// found are rows that were not examined yet.
	found []hit
	// gone are the UIDs of forgotten runs, and taken those of examined ones.
	gone, taken map[string]bool
	decoded     int
}

// hit is a row of an open segment.
type hit struct {
	Key
	file, row int
}

func (s *scan) order(a, b Position) int {
	if s.OldestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// within returns the segments that can have wanted rows, in the order in which they are needed.
func (s *scan) within(segments []Segment) (wanted []Segment) {
	for _, of := range segments {
		first, last := of.First.Unix(), of.Last.Unix()
		switch {
		case s.From != 0 && last < s.From, s.To != 0 && first > s.To:
		case s.After != nil && !s.OldestFirst && first > s.After.Created:
		case s.After != nil && s.OldestFirst && last < s.After.Created:
		default:
			wanted = append(wanted, of)
		}
	}
	slices.SortFunc(wanted, func(a, b Segment) int {
		if s.OldestFirst {
			return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Key, b.Key))
		}
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Key, b.Key))
	})
	return wanted
}

// run opens one segment after the other, and examines the rows that none of the later ones can precede.
func (s *scan) run(segments []Segment) error {
	for i, of := range segments {
		if at := s.frontier(&of); i >= pageSegments && s.isNews(at) {
			s.page.Next = at
			return nil
		}
		if err := s.open(of.Key); err != nil {
			return err
		}
		var before *Position
		if i+1 < len(segments) {
			before = s.frontier(&segments[i+1])
		}
		if full, err := s.examine(before); full || err != nil {
			return err
		}
	}
	return nil
}

// isNews reports whether a position is beyond the one before the page. A page that ends where it began would be read again for ever.
func (s *scan) isNews(at *Position) bool { return s.After == nil || s.order(*at, *s.After) > 0 }

// frontier returns the position after which a segment's rows can be. All rows up to there are in the segments before.
func (s *scan) frontier(next *Segment) *Position {
	if s.OldestFirst {
		return &Position{Created: next.First.Unix() - 1}
	}
	return &Position{Created: next.Last.Unix() + 1, Name: "\xff"} // after every name of that second
}

// open adds the wanted rows of a segment to found.
func (s *scan) open(key string) error {
	raw, err := s.segment(s.ctx, key)
	if err != nil {
		return err
	}
	file, keys, err := decodeSegment(key, raw, readKeys)
	if err != nil {
		return err
	}
	s.files = append(s.files, file)
	for n := range keys {
		k := &keys[n]
		if k.Gone {
			s.gone[k.UID] = true
			continue
		}
		key := Key{Position{k.Created / int64(time.Second/time.Millisecond), k.Name}, types.UID(k.UID), k.Task, k.Phase, k.Source, k.Trigger}
		if s.wants(&key) {
			s.found = append(s.found, hit{key, len(s.files) - 1, n})
		}
	}
	slices.SortStableFunc(s.found, func(a, b hit) int { return s.order(a.Position, b.Position) })
	return nil
}

func (s *scan) wants(k *Key) bool {
	switch {
	case s.From != 0 && k.Created < s.From, s.To != 0 && k.Created > s.To:
		return false
	case s.After != nil && s.order(k.Position, *s.After) <= 0:
		return false
	default:
		return s.Keep == nil || s.Keep(k)
	}
}

// examine takes the found rows up to a position, or all if it is nil, and reports whether the page is full.
func (s *scan) examine(until *Position) (full bool, err error) {
	n := len(s.found)
	if until != nil {
		n, _ = slices.BinarySearchFunc(s.found, *until, func(h hit, p Position) int { return cmp.Or(s.order(h.Position, p), -1) })
	}
	ready := s.found[:n]
	s.found = s.found[n:]
	ready = slices.DeleteFunc(ready, func(h hit) bool {
		known := s.gone[string(h.UID)] || s.taken[string(h.UID)]
		s.taken[string(h.UID)] = true
		return known
	})
	for len(ready) > 0 {
		batch := ready[:min(len(ready), decodedAtOnce)]
		if left := s.limit() - len(s.page.Executions); s.Match == nil && left < len(batch) {
			batch = batch[:left+1] // one more says whether there is a next page
		}
		executions, err := s.decode(batch)
		if err != nil {
			return false, err
		}
		for i, e := range executions {
			if s.take(e, batch[i].Position) {
				return true, nil
			}
		}
		ready = ready[len(batch):]
	}
	return false, nil
}

// take adds an execution to the page if it is wanted, and reports whether the page ends before it.
func (s *scan) take(e *v1alpha1.TaskExecution, at Position) (full bool) {
	if s.Match != nil && !s.Match(e) {
		if s.decoded++; s.decoded >= pageDecoded {
			s.page.Next = &at
			return true
		}
		return false
	}
	if len(s.page.Executions) >= s.limit() {
		last := s.page.Executions[len(s.page.Executions)-1]
		s.page.Next = &Position{last.CreationTimestamp.Unix(), last.Name}
		return true
	}
	s.page.Executions = append(s.page.Executions, e)
	return false
}

func (s *scan) limit() int {
	if s.Limit == 0 {
		return math.MaxInt
	}
	return s.Limit
}

// decode reads the executions of rows, in their order.
func (s *scan) decode(hits []hit) ([]*v1alpha1.TaskExecution, error) {
	executions := make([]*v1alpha1.TaskExecution, len(hits))
	for f, file := range s.files {
		var at []int
		for i := range hits {
			if hits[i].file == f {
				at = append(at, i)
			}
		}
		if len(at) == 0 {
			continue
		}
		slices.SortFunc(at, func(a, b int) int { return cmp.Compare(hits[a].row, hits[b].row) })
		rows := make([]int, len(at))
		for i, n := range at {
			rows[i] = hits[n].row
		}
		listed, err := readExecutions(file, rows)
		if err != nil {
			return nil, &bucket.Error{Doing: "reading a segment of the archive", Err: err}
		}
		for i, n := range at {
			if executions[n], err = executionOf(listed[i]); err != nil {
				return nil, &bucket.Error{Doing: "reading a segment of the archive", Err: err}
			}
		}
	}
	return executions, nil
}
