// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"math/bits"
	"time"
)

// wall is a moment of wall clock time: the seconds since 1970 of a clock without a zone that shows the same.
type wall int64

const (
	daySeconds = 24 * 60 * 60
	// searchMonths is how far away the nearest matching month can be: a February with five Mondays comes every 28
	// years, and once after 40, because 2100 is not a leap year.
	searchMonths = 41 * 12
)

// after returns the first moment after w at which the fields of the expression match.
func (e *Expression) after(w wall) (wall, bool) {
	day, second := split(w + 1)
	first := monthOf(day)
	for i := range searchMonths {
		m := first.plus(i)
		set := e.in(m)
		for date := lowest(set, m.dateOf(day)); date > 0; date = lowest(set, date+1) {
			on := m.firstDay + int64(date) - 1
			from := 0
			if on == day {
				from = second
			}
			if s := e.clockFrom(from); s >= 0 {
				return join(on, s), true
			}
		}
	}
	return 0, false
}

// upTo returns the last moment up to w at which the fields of the expression match.
func (e *Expression) upTo(w wall) (wall, bool) {
	day, second := split(w)
	last := monthOf(day)
	for i := range searchMonths {
		m := last.plus(-i)
		set := e.in(m)
		for date := highest(set, m.dateOf(day)); date > 0; date = highest(set, date-1) {
			on := m.firstDay + int64(date) - 1
			to := daySeconds - 1
			if on == day {
				to = second
			}
			if s := e.clockUpTo(to); s >= 0 {
				return join(on, s), true
			}
		}
	}
	return 0, false
}

// in returns the set of the days of a month that match.
func (e *Expression) in(m calendarMonth) uint64 {
	if !has(e.month, m.month) {
		return 0
	}
	return uint64(e.days[m.shape.index()])
}

// calendarMonth is one month of one year.
type calendarMonth struct {
	// number counts months from the year 0.
	number int
	month  int
	// firstDay is its 1st, in days since 1970.
	firstDay int64
	shape
}

func monthOf(day int64) calendarMonth {
	year, month, _ := time.Unix(day*daySeconds, 0).UTC().Date()
	return calendarMonthOf(year*12 + int(month) - 1)
}

func calendarMonthOf(number int) calendarMonth {
	first := time.Date(0, time.Month(number+1), 1, 0, 0, 0, 0, time.UTC)
	day, _ := split(wall(first.Unix()))
	next, _ := split(wall(first.AddDate(0, 1, 0).Unix()))
	return calendarMonth{number, int(first.Month()), day, shape{length: int(next - day), first: int(first.Weekday())}}
}

func (m calendarMonth) plus(months int) calendarMonth {
	if months == 0 {
		return m
	}
	return calendarMonthOf(m.number + months)
}

// dateOf returns the date of a day, limited to the month: its 1st for an earlier day, and its last for a later one.
func (m calendarMonth) dateOf(day int64) int {
	return int(min(max(day-m.firstDay+1, 1), int64(m.length)))
}

func split(w wall) (day int64, second int) {
	second = int(((w % daySeconds) + daySeconds) % daySeconds)
	return int64(w-wall(second)) / daySeconds, second
}

func join(day int64, second int) wall { return wall(day)*daySeconds + wall(second) }

// clockFrom returns the first second of a day from s on that the fields allow, or -1.
func (e *Expression) clockFrom(s int) int {
	hour, minute, second := s/3600, s/60%60, s%60
	if has(e.hour, hour) {
		if has(e.minute, minute) {
			if next := lowest(e.second, second); next >= 0 {
				return hour*3600 + minute*60 + next
			}
		}
		if next := lowest(e.minute, minute+1); next >= 0 {
			return hour*3600 + next*60 + lowest(e.second, 0)
		}
	}
	if next := lowest(e.hour, hour+1); next >= 0 {
		return next*3600 + lowest(e.minute, 0)*60 + lowest(e.second, 0)
	}
	return -1
}

// clockUpTo returns the last second of a day up to s that the fields allow, or -1.
func (e *Expression) clockUpTo(s int) int {
	hour, minute, second := s/3600, s/60%60, s%60
	if has(e.hour, hour) {
		if has(e.minute, minute) {
			if last := highest(e.second, second); last >= 0 {
				return hour*3600 + minute*60 + last
			}
		}
		if last := highest(e.minute, minute-1); last >= 0 {
			return hour*3600 + last*60 + highest(e.second, 59)
		}
	}
	if last := highest(e.hour, hour-1); last >= 0 {
		return last*3600 + highest(e.minute, 59)*60 + highest(e.second, 59)
	}
	return -1
}

func has(set uint64, n int) bool { return set>>n&1 != 0 }

// lowest returns the lowest number in a set from n on, or -1.
func lowest(set uint64, n int) int {
	if set = set >> n << n; set == 0 {
		return -1
	}
	return bits.TrailingZeros64(set)
}

// highest returns the highest number in a set up to n, or -1.
func highest(set uint64, n int) int {
	if n < 0 {
		return -1
	}
	return bits.Len64(set<<(63-n)>>(63-n)) - 1
}
