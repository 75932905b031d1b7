// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import "time"

// Timetable computes the ticks of an expression in a time zone. Clock changes are handled as in cron(8): a skipped time
// is a tick at the moment when the clocks go forward, and a time that comes twice is a tick the first time only. An
// expression that matches every hour follows elapsed time through the change: a run each hour, or each minute, has no
// gap and no duplicate.
type Timetable struct {
	expression Expression
	zone       *time.Location
}

// NewTimetable takes the results of Parse and LoadZone.
func NewTimetable(e Expression, zone *time.Location) Timetable { return Timetable{e, zone} }

// Next returns the first tick after a time, in UTC. Every expression from Parse has one.
func (t Timetable) Next(after time.Time) time.Time {
	unix := after.Unix()
	switch {
	case t.expression.every > 0:
		period := int64(t.expression.every / time.Second)
		return instant(floor(unix, period) + period)
	case t.everyHour():
		return t.nextEvenly(unix)
	}
	w, ok := t.expression.after(reached(unix, t.zone))
	if !ok {
		return time.Time{}
	}
	return instant(instantOf(w, t.zone))
}

// Last returns the last tick up to a time, in UTC. Every expression from Parse has one.
func (t Timetable) Last(upTo time.Time) time.Time {
	unix := upTo.Unix()
	switch {
	case t.expression.every > 0:
		return instant(floor(unix, int64(t.expression.every/time.Second)))
	case t.everyHour():
		return t.lastEvenly(unix)
	}
	w, ok := t.expression.upTo(reached(unix, t.zone))
	if !ok {
		return time.Time{}
	}
	return instant(instantOf(w, t.zone))
}

// maxSpans bounds the search. Each step jumps to where the fields match, so a few are enough.
const maxSpans = 100

// nextEvenly searches forwards, one span of even time after the other.
func (t Timetable) nextEvenly(unix int64) time.Time {
	s, w := spanAt(unix, t.zone)
	for range maxSpans {
		next, ok := t.expression.after(w)
		if !ok {
			break
		}
		if found := int64(next) - s.offset; found < s.end {
			return instant(found)
		}
		s, w = spanAt(max(s.end, int64(next)-maxOffset), t.zone)
		w-- // the first second of a span may be a tick itself
	}
	return time.Time{}
}

// lastEvenly searches backwards, one span of even time after the other.
func (t Timetable) lastEvenly(unix int64) time.Time {
	for range maxSpans {
		s, w := spanAt(unix, t.zone)
		last, ok := t.expression.upTo(w)
		if !ok {
			break
		}
		if found := int64(last) - s.offset; found >= s.start {
			return instant(found)
		}
		unix = min(s.start-1, int64(last)+maxOffset)
	}
	return time.Time{}
}

// everyHour reports whether the expression matches in each hour of a day, or in none.
func (t Timetable) everyHour() bool { return t.expression.hour == 1<<24-1 }

func instant(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

func floor(n, by int64) int64 { return n - ((n%by)+by)%by }
