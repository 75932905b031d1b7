package schedule

import (
	"math/bits"
	"time"
)

// wall is a moment of wall clock time: the seconds since 1970 of a clock that shows the same and has no zone.
type wall int64

const (
	daySeconds = 24 * 60 * 60
	// searchDays is how far away a day can be that comes at all: 29 February, from 2096 to 2104.
	searchDays = 8 * 366
)

// after gives the first moment after w at which the fields of the expression come true.
func (e *Expression) after(w wall) (wall, bool) {
	day, second := split(w + 1)
	for range searchDays {
		if e.onDay(day) {
			if s := e.clockFrom(second); s >= 0 {
				return join(day, s), true
			}
		}
		day, second = day+1, 0
	}
	return 0, false
}

// upTo gives the last moment up to w at which the fields of the expression come true.
func (e *Expression) upTo(w wall) (wall, bool) {
	day, second := split(w)
	for range searchDays {
		if e.onDay(day) {
			if s := e.clockUpTo(second); s >= 0 {
				return join(day, s), true
			}
		}
		day, second = day-1, daySeconds-1
	}
	return 0, false
}

func split(w wall) (day int64, second int) {
	second = int(((w % daySeconds) + daySeconds) % daySeconds)
	return int64(w-wall(second)) / daySeconds, second
}

func join(day int64, second int) wall { return wall(day)*daySeconds + wall(second) }

func (e *Expression) onDay(day int64) bool {
	_, month, dayOfMonth := time.Unix(day*daySeconds, 0).UTC().Date()
	if !has(e.month, int(month)) {
		return false
	}
	weekday := int(((day+4)%7 + 7) % 7) // 1 January 1970 was a Thursday
	inMonth, inWeek := has(e.day, dayOfMonth), has(e.weekday, weekday)
	if e.anyDay {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

// clockFrom gives the first second of a day from s on that the fields allow, or -1.
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

// clockUpTo gives the last second of a day up to s that the fields allow, or -1.
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

// lowest number in a set from n on, or -1.
func lowest(set uint64, n int) int {
	if set = set >> n << n; set == 0 {
		return -1
	}
	return bits.TrailingZeros64(set)
}

// highest number in a set up to n, or -1.
func highest(set uint64, n int) int {
	if n < 0 {
		return -1
	}
	return bits.Len64(set<<(63-n)>>(63-n)) - 1
}
