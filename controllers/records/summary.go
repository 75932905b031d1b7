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

	"github.com/taskexec/taskexec/controllers/bucket"
)

// Tally counts runs of one task that were created within one hour.
type Tally struct {
	Task string
	// Hour is the beginning of the hour, UTC.
	Hour time.Time
	// Phases counts the runs by phase.
	Phases map[string]int
	// Durations are those of the runs that started and ended.
	Durations Durations
}

// Durations is a distribution of durations. It keeps counts of ranges, each 1 % wide, so that its size does not grow with the
// number of durations.
type Durations struct {
	Count int
	// Sum is in milliseconds.
	Sum int64
	// ranges counts the durations of each range.
	ranges map[int16]int
}

// width is the ratio of the ends of a range.
const width = 1.01

// Add adds a duration in milliseconds.
func (d *Durations) Add(ms int64) {
	if d.ranges == nil {
		d.ranges = map[int16]int{}
	}
	d.Count++
	d.Sum += ms
	d.ranges[int16(math.Round(math.Log1p(float64(max(0, ms)))/math.Log(width)))]++
}

// Merge adds all durations of another distribution.
func (d *Durations) Merge(other Durations) {
	if d.ranges == nil {
		d.ranges = map[int16]int{}
	}
	d.Count += other.Count
	d.Sum += other.Sum
	for r, n := range other.ranges {
		d.ranges[r] += n
	}
}

// Quantile returns, by nearest rank, the duration in milliseconds that so large a part of the durations do not exceed, within
// 1 %.
func (d *Durations) Quantile(part float64) int64 {
	rank, ranges := int(math.Ceil(part*float64(d.Count))), make([]int16, 0, len(d.ranges))
	for r := range d.ranges {
		ranges = append(ranges, r)
	}
	slices.Sort(ranges)
	for _, r := range ranges {
		if rank -= d.ranges[r]; rank <= 0 {
			return int64(math.Round(math.Expm1(float64(r) * math.Log(width))))
		}
	}
	return 0
}

// summaries bounds how many days with their counts a Reader keeps. A day of twenty tasks takes about 100 KiB.
const summaries = 400

// dayCounts are the counts of one day, made from certain segments.
type dayCounts struct {
	segments string
	tallies  []Tally
}

// Summary counts the runs that were created within a time, by task and hour. Bounds are whole days (UTC): a day counts if a part
// of it is within. Zero means no bound. skip leaves out runs, by UID, that are counted elsewhere; nil leaves out none. Days are
// cached if skip is nil for them.
func (r *Reader) Summary(ctx context.Context, namespace string, from, to time.Time, skip func(day time.Time) func(uid string) bool) (tallies []Tally, err error) {
	if err := r.reading.Acquire(ctx, 1); err != nil {
		return nil, &bucket.Error{Doing: "waiting for other readers of the archive's history", Err: err}
	}
	defer r.reading.Release(1)
	err = r.retrying(ctx, namespace, func(segments []Segment) error {
		tallies = nil
		for _, of := range daysOf(segments, from, to) {
			var skipped func(string) bool
			if skip != nil {
				skipped = skip(Day(of[0].First))
			}
			counts, err := r.day(ctx, namespace, of, skipped)
			if err != nil {
				return err
			}
			tallies = append(tallies, counts...)
		}
		return nil
	})
	return tallies, err
}

// daysOf groups segments by day and leaves out the days beyond the bounds.
func daysOf(segments []Segment, from, to time.Time) (days [][]Segment) {
	for _, s := range segments {
		day := Day(s.First)
		switch {
		case !from.IsZero() && day.Before(Day(from)), !to.IsZero() && day.After(Day(to)):
		case len(days) > 0 && Day(days[len(days)-1][0].First).Equal(day):
			days[len(days)-1] = append(days[len(days)-1], s)
		default:
			days = append(days, []Segment{s})
		}
	}
	return days
}

// day counts the runs of one day.
func (r *Reader) day(ctx context.Context, namespace string, segments []Segment, skip func(string) bool) ([]Tally, error) {
	keys := make([]string, len(segments))
	for i := range segments {
		keys[i] = segments[i].Key
	}
	of, at := strings.Join(keys, " "), namespace+" "+Day(segments[0].First).Format(time.DateOnly)
	if known, found := r.counted.Get(at); found && skip == nil {
		if counts, ok := known.(dayCounts); ok && counts.segments == of {
			return counts.tallies, nil
		}
	}
	var ended []endedRow
	for _, key := range keys {
		rows, err := r.endedRows(ctx, key)
		if err != nil {
			return nil, err
		}
		ended = append(ended, rows...)
	}
	tallies := tallyOf(ended, skip)
	if skip == nil {
		r.counted.Add(at, dayCounts{of, tallies})
	}
	return tallies, nil
}

// endedRow has the columns that are counted. Duration is in milliseconds, negative if the run never started.
type endedRow struct {
	rowKey
	duration int64
}

func (r *Reader) endedRows(ctx context.Context, key string) (rows []endedRow, err error) {
	raw, err := r.segment(ctx, key)
	if err != nil {
		return nil, err
	}
	_, rows, err = decodeSegment(key, raw, readEnded)
	return rows, err
}

func readEnded(file *parquet.File) (rows []endedRow, err error) {
	defer damaged(&err)
	keys, err := readKeys(file)
	if err != nil {
		return nil, err
	}
	rows = make([]endedRow, len(keys))
	err = readColumn(file, "duration_ms", func(n int, v parquet.Value, _ func(parquet.Value) string) {
		if rows[n] = (endedRow{keys[n], -1}); !v.IsNull() {
			rows[n].duration = v.Int64()
		}
	})
	return rows, err
}

// tallyOf counts each run once.
func tallyOf(rows []endedRow, skip func(string) bool) (tallies []Tally) {
	type group struct {
		task string
		hour int64
	}
	const hour = int64(time.Hour / time.Millisecond)
	seen, groups := make(map[string]bool, len(rows)), map[group]*Tally{}
	for i := range rows {
		if rows[i].Gone {
			seen[rows[i].UID] = true
		}
	}
	for i := range rows {
		r := &rows[i]
		if seen[r.UID] || skip != nil && skip(r.UID) {
			continue
		}
		seen[r.UID] = true
		at := group{r.Task, r.Created / hour}
		if groups[at] == nil {
			groups[at] = &Tally{Task: r.Task, Hour: time.UnixMilli(at.hour * hour).UTC(), Phases: map[string]int{}}
		}
		groups[at].Phases[r.Phase]++
		if r.duration >= 0 {
			groups[at].Durations.Add(r.duration)
		}
	}
	for _, t := range groups {
		tallies = append(tallies, *t)
	}
	slices.SortFunc(tallies, func(a, b Tally) int { return cmp.Or(a.Hour.Compare(b.Hour), strings.Compare(a.Task, b.Task)) })
	return tallies
}
