// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/runs"
)

// thirtyDays has runs of 30 days, newest first: nine of ten are in the archive only, and half of the others also.
type thirtyDays struct {
	runs []*v1alpha1.TaskExecution
	live map[string]bool
}

const (
	daysOfRuns = 30
	runsPerDay = 30
)

var lastOfThirtyDays = time.Date(2025, 11, 25, 11, 5, 0, 0, time.UTC)

// newThirtyDays returns the runs, and a store and an archive that have them. Several runs have the same second of creation.
func newThirtyDays(t *testing.T, random *rand.Rand) (*thirtyDays, *fakeStore, *recordArchive) {
	t.Helper()
	store, of := newFakeStore(fixture.Task("task-0"), fixture.Task("task-1"), fixture.Task("task-2")), newArchive(t, "file://"+t.TempDir())
	all := &thirtyDays{live: map[string]bool{}}
	phases := []v1alpha1.Phase{v1alpha1.PhaseCompleted, v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled}
	sources := []v1alpha1.TriggerSource{v1alpha1.TriggerManual, v1alpha1.TriggerAPI, v1alpha1.TriggerSchedule}
	var archived []*v1alpha1.TaskExecution
	for n := range daysOfRuns * runsPerDay {
		name := fmt.Sprintf("run-%d", random.IntN(10_000)*10_000+n) // the order of names is not that of time
		age := random.IntN(daysOfRuns*24*60) * 60
		e := took(name, fmt.Sprint("task-", random.IntN(3)), phases[random.IntN(len(phases))], age, 100+random.IntN(100_000))
		e.Spec.Trigger.Source = sources[random.IntN(len(sources))]
		e.Spec.Params = fixture.JSON(fmt.Sprintf(`{"mid":"%d"}`, random.IntN(5)))
		e.Labels = map[string]string{"team": string(rune('a' + random.IntN(4)))}
		all.runs = append(all.runs, e)
		if n%10 == 0 {
			store.add(e)
			all.live[name] = true
		}
		if n%20 != 0 {
			archived = append(archived, e)
		}
	}
	for batch := range slices.Chunk(archived, 90) {
		of.record(t, nil, batch...)
	}
	if err := of.writer.Compact(t.Context(), lastOfThirtyDays.Add(-40*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all.runs, func(a, b *v1alpha1.TaskExecution) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), strings.Compare(a.Name, b.Name))
	})
	return all, store, of
}

// condition is a part of a query, and which runs it selects.
type condition struct {
	name, value string
	keeps       func(*v1alpha1.TaskExecution) bool
}

// conditions returns some of all conditions at random, at most one of each kind.
func conditions(random *rand.Rand) (some []condition) {
	task, team, mid := fmt.Sprint("task-", random.IntN(3)), string(rune('a'+random.IntN(4))), fmt.Sprint(random.IntN(5))
	first := lastOfThirtyDays.Add(-time.Duration(random.IntN(daysOfRuns*24)) * time.Hour)
	last := first.Add(time.Duration(random.IntN(10*24)) * time.Hour).Truncate(24 * time.Hour)
	for _, c := range []condition{
		{"taskName", task, func(e *v1alpha1.TaskExecution) bool { return e.Spec.TaskRef.Name == task }},
		{"status", "failed,cancelled", func(e *v1alpha1.TaskExecution) bool { return e.Status.Phase != v1alpha1.PhaseCompleted }},
		{"source", "schedule", func(e *v1alpha1.TaskExecution) bool { return e.Spec.Trigger.Source == v1alpha1.TriggerSchedule }},
		{"label", "team in (" + team + ",z)", func(e *v1alpha1.TaskExecution) bool { return e.Labels["team"] == team }},
		{"param", "mid=" + mid, func(e *v1alpha1.TaskExecution) bool {
			return string(e.Spec.Params.Raw) == fmt.Sprintf(`{"mid":%q}`, mid)
		}},
		{"startDate", first.Format(time.RFC3339), func(e *v1alpha1.TaskExecution) bool { return !e.CreationTimestamp.Time.Before(first) }},
		{"endDate", last.Format(time.DateOnly), func(e *v1alpha1.TaskExecution) bool { return e.CreationTimestamp.Time.Before(last.Add(24 * time.Hour)) }},
	} {
		if random.IntN(4) == 0 {
			some = append(some, c)
		}
	}
	if len(some) > 0 && some[len(some)-1].name == "endDate" && !last.After(first) {
		some = some[:len(some)-1] // it would be before the startDate
	}
	return some
}

// selected returns the names that some conditions select, newest first, and their query.
func (all *thirtyDays) selected(some []condition) (names []string, query string) {
	values := url.Values{}
	for _, c := range some {
		values.Set(c.name, c.value)
	}
	for _, e := range all.runs {
		if !slices.ContainsFunc(some, func(c condition) bool { return !c.keeps(e) }) {
			names = append(names, e.Name)
		}
	}
	return names, values.Encode()
}

// The history of 30 days, nine of ten runs of which are archived, is exact: by any filter, in both orders, by cursor in pages of any
// size, and by numbered pages with their total. So are its statistics.
func TestHistoryOfThirtyDays(t *testing.T) {
	random := rand.New(rand.NewPCG(30, 1))
	all, store, of := newThirtyDays(t, random)
	api := of.facade(store)
	statsOfThirtyDays(t, api, all)
	for range 25 {
		some := conditions(random)
		want, query := all.selected(some)
		order, limit := "", 1+random.IntN(200)
		if random.IntN(2) == 0 {
			order = "&sort=createdAt"
			slices.Reverse(want)
		}
		var got []string
		for cursor := ""; ; {
			page := ok[runs.History](t, api, "GET", fmt.Sprintf("/tasks/executions/history?%s%s&limit=%d%s", query, order, limit, cursor), "")
			for i := range page.Executions {
				e := &page.Executions[i]
				got = append(got, e.ExecutionID)
				if e.Archived == all.live[e.ExecutionID] {
					t.Errorf("%s: archived is %v", e.ExecutionID, e.Archived)
				}
			}
			if page.NextCursor == "" || page.Incomplete != "" {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s%s in pages of %d: %d runs, want %d; they differ from %d on", query, order, limit, len(got), len(want), firstDifference(got, want))
		}
		size := 1 + random.IntN(100)
		number := 1 + random.IntN(1+len(want)/size)
		page := ok[runs.History](t, api, "GET", fmt.Sprintf("/tasks/executions/history?%s%s&page=%d&pageSize=%d", query, order, number, size), "")
		got = nil
		for i := range page.Executions {
			got = append(got, page.Executions[i].ExecutionID)
		}
		if from := (number - 1) * size; !slices.Equal(got, want[from:min(len(want), from+size)]) || page.Total != nil && *page.Total != len(want) {
			t.Errorf("%s%s, page %d of size %d: %d runs, total %v, want %d of %d", query, order, number, size, len(got), page.Total, min(len(want), from+size)-from, len(want))
		}
	}
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// statsOfThirtyDays checks that the statistics of 30 days count each run once.
func statsOfThirtyDays(t *testing.T, api http.Handler, all *thirtyDays) {
	t.Helper()
	perDay, failed := map[string]int{}, 0
	for _, e := range all.runs {
		perDay[e.CreationTimestamp.UTC().Format(time.DateOnly)]++
		if e.Status.Phase == v1alpha1.PhaseFailed {
			failed++
		}
	}
	if got := ok[runs.Stats](t, api, "GET", "/tasks/stats/summary", ""); got.Total != len(all.runs) || got.Failed != failed {
		t.Errorf("%+v, want %d in all and %d failed", got, len(all.runs), failed)
	}
	chart := ok[runs.StatsHistory](t, api, "GET", "/tasks/stats/history?by=day&from="+lastOfThirtyDays.Add(-daysOfRuns*24*time.Hour).Format(time.DateOnly)+"&to="+lastOfThirtyDays.Format(time.DateOnly), "")
	counted := 0
	for _, p := range chart.Periods {
		n := p.Running + p.Completed + p.Failed + p.Cancelled
		if counted += n; n != perDay[p.Start.Format(time.DateOnly)] {
			t.Errorf("on %s: %d, want %d", p.Start.Format(time.DateOnly), n, perDay[p.Start.Format(time.DateOnly)])
		}
	}
	if counted != len(all.runs) {
		t.Errorf("the chart counts %d runs of %d", counted, len(all.runs))
	}
}
