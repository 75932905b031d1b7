// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/records"
)

// listing is a page of live and archived runs.
type listing struct {
	runs []listed
	next *records.Position
	// total is the number of runs on all pages, nil if it is not known.
	total *int
	// incomplete says why archived runs are missing, empty if none are.
	incomplete string
}

// list returns the page that a query asks for.
func (h *Handlers) list(ctx context.Context, namespace string, all runindex.Namespace, q *historyQuery) (listing, error) {
	if !h.asksArchive(q) {
		return liveListing(all, q), nil
	}
	var page listing
	var err error
	if q.page > 0 {
		page, err = h.numbered(ctx, namespace, all, q)
	} else {
		var after *records.Position
		if q.cursor != nil {
			after = new(records.Position(q.cursor.After))
		}
		page, err = h.merged(ctx, namespace, all, q, after, q.limit)
	}
	if err == nil {
		return page, nil
	}
	if ctx.Err() != nil {
		return page, err
	}
	logr.FromContextOrDiscard(ctx).Error(err, "Listing runs without the archive", "namespace", namespace)
	page = liveListing(all, q)
	page.incomplete = archivedruns.Away(err)
	return page, nil
}

// asksArchive reports whether a list has archived runs. Those have ended.
func (h *Handlers) asksArchive(q *historyQuery) bool {
	return q.archived != "false" && h.Past.Known() && (q.filter.Statuses == nil || slices.ContainsFunc(q.filter.Statuses, func(s string) bool { return s != wire.StatusRunning }))
}

// liveListing returns a page of the live runs.
func liveListing(all runindex.Namespace, q *historyQuery) (page listing) {
	live := all.Page(q.forIndex())
	page.runs = liveRuns(live.Executions)
	if live.Next != nil {
		page.next = new(records.Position(*live.Next))
	}
	if live.Counted {
		page.total = &live.Total
	}
	return page
}

func liveRuns(executions []*v1alpha1.TaskExecution) []listed {
	runs := make([]listed, len(executions))
	for i, e := range executions {
		runs[i] = listed{TaskExecution: e}
	}
	return runs
}

// merged returns a page of at most limit live and archived runs after a position.
func (h *Handlers) merged(ctx context.Context, namespace string, all runindex.Namespace, q *historyQuery, after *records.Position, limit int) (page listing, err error) {
	of := q.forIndex()
	of.After, of.Limit, of.Skip, of.Count = nil, limit, 0, false
	if after != nil {
		of.After = new(runindex.Position(*after))
	}
	live := all.Page(of) // first: see merge
	first := part{runs: liveRuns(live.Executions)}
	if live.Next != nil {
		first.until = new(records.Position(*live.Next))
	}
	archived, err := h.Past.Page(ctx, namespace, q.forArchive(after, limit, q.stillLive(all)))
	if err != nil {
		return page, err
	}
	second := part{until: archived.Next}
	for _, e := range archived.Executions {
		second.runs = append(second.runs, listed{TaskExecution: e, archived: true})
	}
	page.runs, page.next = ordering{q.sort == sortOldest}.merge(first, second, limit)
	return page, nil
}

// stillLive returns a filter for archived runs. Most of those that are live too are duplicates, which merge removes. But labels of
// a live run can have changed since it was recorded: it is left out if it no longer matches.
func (q *historyQuery) stillLive(all runindex.Namespace) func(*v1alpha1.TaskExecution) bool {
	matches, _ := q.match()
	if matches == nil {
		return nil
	}
	return func(e *v1alpha1.TaskExecution) bool {
		if live := all.Get(e.Name); live != nil && live.UID == e.UID {
			e = live
		}
		return matches(e)
	}
}

// phasesOf are the phases of ended runs by status.
var phasesOf = map[string]v1alpha1.Phase{
	wire.StatusCompleted: v1alpha1.PhaseCompleted, wire.StatusFailed: v1alpha1.PhaseFailed, wire.StatusCancelled: v1alpha1.PhaseCancelled,
}

// hasStatus reports whether an ended run in a phase has one of the wanted statuses.
func (q *historyQuery) hasStatus(phase string) bool {
	return q.filter.Statuses == nil || slices.ContainsFunc(q.filter.Statuses, func(s string) bool { return string(phasesOf[s]) == phase })
}

// forArchive returns the query for the archive.
func (q *historyQuery) forArchive(after *records.Position, limit int, matches func(*v1alpha1.TaskExecution) bool) records.Query {
	of := records.Query{OldestFirst: q.sort == sortOldest, After: after, Limit: limit, Match: matches}
	if !q.from.IsZero() {
		of.From = q.from.Add(time.Second - 1).Unix() // creation times have no fractions
	}
	if !q.to.IsZero() {
		of.To = q.to.Unix()
	}
	of.Keep = func(k *records.Key) bool {
		return (q.taskName == "" || q.taskName == k.Task) && (q.filter.TriggerName == "" || q.filter.TriggerName == k.Trigger) &&
			(q.filter.Sources == nil || slices.Contains(q.filter.Sources, v1alpha1.TriggerSource(k.Source))) && q.hasStatus(k.Phase)
	}
	return of
}

// cursorOfPosition returns the cursor of the next page. Frontiers of the archive have no name of a run: an empty one, or one after every
// name. A cursor has the first or the last name that a run can have instead.
func cursorOfPosition(at records.Position, oldestFirst bool) string {
	switch {
	case at.Name == "":
		at.Name = "0"
	case len(validation.IsDNS1123Subdomain(at.Name)) > 0:
		at.Name = strings.Repeat("z", validation.DNS1123SubdomainMaxLength)
	}
	return runindex.Cursor{After: runindex.Position(at), OldestFirst: oldestFirst}.String()
}

// numbered returns a numbered page. It reads the pages before it too, at most maxReach runs.
func (h *Handlers) numbered(ctx context.Context, namespace string, all runindex.Namespace, q *historyQuery) (page listing, err error) {
	var after *records.Position
	skip := (q.page - 1) * q.pageSize
	reading, cancel := context.WithTimeout(ctx, h.Past.Patience)
	defer cancel()
	for len(page.runs) < q.pageSize {
		next, err := h.merged(reading, namespace, all, q, after, min(web.MaxPage, skip+q.pageSize-len(page.runs)))
		if err != nil {
			return page, err
		}
		left := max(0, skip-len(next.runs))
		page.runs = append(page.runs, next.runs[min(skip, len(next.runs)):]...)
		skip = left
		if after = next.next; after == nil {
			page.total = new((q.page-1)*q.pageSize - skip + len(page.runs))
			return page, nil
		}
	}
	page.total, err = h.total(ctx, namespace, all, q)
	return page, err
}

// total counts the live and archived runs of a query. It returns nil if the archive does not count them: it counts by task and status,
// and whole days.
func (h *Handlers) total(ctx context.Context, namespace string, all runindex.Namespace, q *historyQuery) (*int, error) {
	f := &q.filter
	if f.TriggerName != "" || f.Sources != nil || len(f.Labels) > 0 || len(f.Params) > 0 || !beginsDay(q.from) || !q.to.IsZero() && !beginsDay(q.to.Add(1)) {
		return nil, nil
	}
	matches, _ := q.match()
	live := all.Page(runindex.Query{Task: q.taskName, From: q.from, To: q.to, Match: matches, Scan: math.MaxInt, Count: true})
	n, seen := live.Total, liveEnded(all, "")
	tallies, err := h.Past.Summary(ctx, namespace, q.from, q.to, seen.skip)
	for _, t := range tallies {
		if q.taskName != "" && q.taskName != t.Task {
			continue
		}
		for phase, count := range t.Phases {
			if q.hasStatus(phase) {
				n += count
			}
		}
	}
	return &n, err
}

// beginsDay reports whether a time is the beginning of a day (UTC), or zero.
func beginsDay(t time.Time) bool { return t.IsZero() || records.Day(t).Equal(t) }

// ended has the UIDs of live runs that have ended, by day of creation. The archive may have them too.
type ended map[time.Time]map[string]bool

func liveEnded(all runindex.Namespace, task string) ended {
	of := ended{}
	all.Each(task, of.add)
	return of
}

func (d ended) add(e *v1alpha1.TaskExecution) {
	if !e.Status.Phase.IsTerminal() {
		return
	}
	day := records.Day(e.CreationTimestamp.Time)
	if d[day] == nil {
		d[day] = map[string]bool{}
	}
	d[day][string(e.UID)] = true
}

// skip returns what to leave out of the archive's counts of a day, nil for nothing.
func (d ended) skip(day time.Time) func(uid string) bool {
	of := d[day]
	if of == nil {
		return nil
	}
	return func(uid string) bool { return of[uid] }
}
