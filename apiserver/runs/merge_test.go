// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/records"
)

// runAt returns a run that was created at a second.
func runAt(name string, second int64, archived bool) listed {
	e := &v1alpha1.TaskExecution{}
	e.Name, e.UID, e.CreationTimestamp = name, types.UID("uid-of-"+name), metav1.NewTime(time.Unix(second, 0))
	return listed{TaskExecution: e, archived: archived}
}

// runsOf reads runs such as "a9": their name and second.
func runsOf(text string, archived bool) (runs []listed) {
	for _, one := range strings.Fields(text) {
		runs = append(runs, runAt(one[:1], int64(one[1]-'0'), archived))
	}
	return runs
}

func namesOf(runs []listed) (names string) {
	for i := range runs {
		if names += runs[i].Name; runs[i].archived {
			names += "'"
		}
	}
	return names
}

func at(second int64, name string) *records.Position {
	return &records.Position{Created: second, Name: name}
}

func TestMerge(t *testing.T) {
	for name, c := range map[string]struct {
		live, archived           string
		liveUntil, archivedUntil *records.Position
		oldestFirst              bool
		limit                    int
		want                     string
		next                     *records.Position
	}{
		"nothing":                       {limit: 2},
		"only live":                     {live: "a9 b8", limit: 2, want: "ab"},
		"only archived":                 {archived: "a9 b8", limit: 2, want: "a'b'"},
		"one after the other":           {live: "a9 b8", archived: "c7 d6", limit: 9, want: "abc'd'"},
		"mixed":                         {live: "a9 c7", archived: "b8 d6", limit: 9, want: "ab'cd'"},
		"the live one counts":           {live: "a9 b8", archived: "a9 b8 c7", limit: 9, want: "abc'"},
		"full":                          {live: "a9 c7", archived: "b8 d6", limit: 2, want: "ab'", next: at(8, "b")},
		"just full":                     {live: "a9", archived: "b8", limit: 2, want: "ab'"},
		"full with duplicates left":     {live: "a9 b8", archived: "a9 b8", limit: 2, want: "ab"},
		"live ended early":              {live: "a9", liveUntil: at(7, "x"), archived: "b8 c6", limit: 9, want: "ab'", next: at(7, "x")},
		"archive ended early":           {live: "a9 b5", archived: "c8", archivedUntil: at(6, "\xff"), limit: 9, want: "ac'", next: at(6, "\xff")},
		"both ended early":              {live: "a9", liveUntil: at(3, "x"), archived: "b8", archivedUntil: at(5, "y"), limit: 9, want: "ab'", next: at(5, "y")},
		"early and nothing":             {liveUntil: at(3, "x"), archived: "b2", limit: 9, next: at(3, "x")},
		"the frontier itself counts":    {live: "a9 b8", liveUntil: at(8, "b"), archived: "c7", limit: 9, want: "ab", next: at(8, "b")},
		"one second, by name":           {live: "b9", archived: "a9 c9", limit: 9, want: "a'bc'"},
		"oldest first":                  {live: "b5 a9", archived: "c3 d7", oldestFirst: true, limit: 3, want: "c'bd'", next: at(7, "d")},
		"oldest first, early":           {live: "b5 a9", archived: "c3", archivedUntil: at(4, ""), oldestFirst: true, limit: 9, want: "c'", next: at(4, "")},
		"oldest first, name descending": {live: "b5", archived: "c5 a5", oldestFirst: true, limit: 9, want: "c'ba'"},
	} {
		t.Run(name, func(t *testing.T) {
			page, next := ordering{c.oldestFirst}.merge(part{runsOf(c.live, false), c.liveUntil}, part{runsOf(c.archived, true), c.archivedUntil}, c.limit)
			if namesOf(page) != c.want || (next == nil) != (c.next == nil) || next != nil && *next != *c.next {
				t.Errorf("got %s and %v, want %s and %v", namesOf(page), next, c.want, c.next)
			}
		})
	}
}

// A run that was deleted and made again with its name within one second shares its position. Both are on one page.
func TestMergeKeepsOnePositionTogether(t *testing.T) {
	first, again := runAt("a", 9, true), runAt("a", 9, false)
	first.UID = "earlier"
	page, next := ordering{}.merge(part{runs: []listed{again, runAt("b", 8, false)}}, part{runs: []listed{first}}, 1)
	if namesOf(page) != "aa'" || next == nil || *next != (records.Position{Created: 9, Name: "a"}) {
		t.Errorf("got %s and %v", namesOf(page), next)
	}
}

// side is what a source has, as the sources page it: a page ends at its limit, or after so many runs were examined.
func (o ordering) side(runs []listed, after *records.Position, limit, examined int) (p part) {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(a, b listed) int { return o.compare(a.position(), b.position()) })
	for _, run := range runs {
		if after != nil && o.compare(run.position(), *after) <= 0 {
			continue
		}
		if len(p.runs) == min(limit, examined) {
			p.until = new(p.runs[len(p.runs)-1].position())
			return p
		}
		p.runs = append(p.runs, run)
	}
	return p
}

// While runs move from Kubernetes to the archive between the two reads and between pages, all pages have each run once, in order.
func TestPagesHaveEachRunOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := ordering{rapid.Bool().Draw(t, "oldest first")}
		var live, archived, all []listed
		for i := range rapid.IntRange(0, 40).Draw(t, "runs") {
			name, second := fmt.Sprint("run-", i), rapid.Int64Range(1, 20).Draw(t, "second")
			where := rapid.SampledFrom([]string{"live", "archived", "both"}).Draw(t, "where")
			all = append(all, runAt(name, second, false))
			if where != "archived" {
				live = append(live, runAt(name, second, false))
			}
			if where != "live" {
				archived = append(archived, runAt(name, second, true))
			}
		}
		move := func() { // a run is archived first, and then removed
			for range rapid.IntRange(0, 5).Draw(t, "moves") {
				if len(live) == 0 {
					return
				}
				i := rapid.IntRange(0, len(live)-1).Draw(t, "moved")
				if !slices.ContainsFunc(archived, func(l listed) bool { return l.UID == live[i].UID }) {
					archived = append(archived, listed{TaskExecution: live[i].TaskExecution, archived: true})
				}
				live = slices.Delete(slices.Clone(live), i, i+1)
			}
		}
		var got []listed
		var after *records.Position
		for n := 0; ; n++ {
			if n > 200 {
				t.Fatal("the pages do not end")
			}
			limit := rapid.IntRange(1, 7).Draw(t, "limit")
			first := o.side(live, after, limit, rapid.IntRange(1, 9).Draw(t, "live examined"))
			move()
			second := o.side(archived, after, limit, rapid.IntRange(1, 9).Draw(t, "archived examined"))
			page, next := o.merge(first, second, limit)
			if len(page) > limit {
				t.Fatalf("a page of %d has %d", limit, len(page))
			}
			if got = append(got, page...); next == nil {
				break
			}
			after = next
			move()
		}
		want := o.side(all, nil, len(all)+1, len(all)+1).runs
		if len(got) != len(want) || !slices.EqualFunc(got, want, func(a, b listed) bool { return a.UID == b.UID }) {
			t.Fatalf("got %s, want %s", namesOf(got), namesOf(want))
		}
	})
}
