// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
)

// days are the days that one of the two day fields matches.
type days struct {
	// set has days of the month, or of the week.
	set uint64
	// star means that the field restricts nothing.
	star bool
	// rules are for days that differ from month to month.
	rules []rule
}

// rule returns the matching day of a month, or zero.
type rule func(shape) int

// shape has everything of a month that its days depend on.
type shape struct {
	// length is in days, 28 to 31.
	length int
	// first is the weekday of the 1st. Zero is Sunday.
	first int
}

const (
	shortest = 28
	week     = 7
	shapes   = 4 * week
)

func (s shape) index() int { return (s.length-shortest)*week + s.first }

func (s shape) weekday(day int) int { return (s.first + day - 1) % week }

// monthDays has the set of the matching days for each shape: bit 1 is the 1st.
type monthDays [shapes]uint32

// daysOfMonths combines the two day fields. Both must match if one of them is "*". Otherwise one is enough, as in every
// cron since 1979.
func daysOfMonths(inMonth, inWeek days) (all monthDays) {
	for i := range all {
		s := shape{length: shortest + i/week, first: i % week}
		dates, weekdays := inMonth.dates(s), inWeek.dates(s)
		for day := 1; day <= s.length; day++ {
			dates |= uint32(inMonth.set) & (1 << day)
			if has(inWeek.set, s.weekday(day)) {
				weekdays |= 1 << day
			}
		}
		if inMonth.star || inWeek.star {
			all[i] = dates & weekdays
		} else {
			all[i] = dates | weekdays
		}
	}
	return all
}

// dates returns the days that the rules match in a month.
func (d *days) dates(s shape) (set uint32) {
	for _, rule := range d.rules {
		if day := rule(s); day >= 1 && day <= s.length {
			set |= 1 << day
		}
	}
	return set
}

func (d *days) numbers(f field, part string) error {
	set, star, err := f.numbers(part)
	d.set |= set
	d.star = d.star || star
	return err
}

// readMonthDays parses the day-of-month field, including the forms of Quartz.
func (d *days) readMonthDays(text string) error {
	return day.eachPart(text, func(part string) error {
		if found := monthRule(strings.ToUpper(part)); found != nil {
			d.rules = append(d.rules, found)
			return nil
		}
		return d.numbers(day, part)
	})
}

// monthRule parses L, L-3, LW and 15W. It returns nil for anything else.
func monthRule(part string) rule {
	if part == "L" {
		return lastDay(0)
	}
	if part == "LW" {
		return lastWorkday
	}
	if before, found := strings.CutPrefix(part, "L-"); found {
		if n, ok := digits(before); ok && n >= day.least && n < day.most {
			return lastDay(n)
		}
	}
	if near, found := strings.CutSuffix(part, "W"); found {
		if n, ok := digits(near); ok && n >= day.least && n <= day.most {
			return nearestWorkday(n)
		}
	}
	return nil
}

func lastDay(before int) rule { return func(s shape) int { return s.length - before } }

// monday to friday are workdays.
const (
	monday = 1
	friday = 5
)

func lastWorkday(s shape) int {
	for day := s.length; ; day-- {
		if s.isWorkday(day) {
			return day
		}
	}
}

func (s shape) isWorkday(day int) bool {
	return s.weekday(day) >= monday && s.weekday(day) <= friday
}

// nearestWorkday returns the day from Monday to Friday that is nearest to a day, within the same month. It returns none
// if the month lacks the day.
func nearestWorkday(to int) rule {
	return func(s shape) int {
		if to > s.length {
			return 0
		}
		for _, away := range []int{0, -1, 1, -2, 2} {
			if day := to + away; day >= 1 && day <= s.length && s.isWorkday(day) {
				return day
			}
		}
		return 0
	}
}

// readWeekdays parses the day-of-week field, including the forms of Quartz.
func (d *days) readWeekdays(text string) error {
	return weekday.eachPart(text, func(part string) error {
		found, err := weekRule(part)
		if err != nil {
			return err
		}
		if found != nil {
			d.rules = append(d.rules, found)
			return nil
		}
		return d.numbers(weekday, part)
	})
}

// weekRule parses FRI#3, FRI#L and FRIL. It returns nil for anything else.
func weekRule(part string) (rule, error) {
	if strings.EqualFold(part, "L") {
		return nil, fmt.Errorf("the day of the week %q alone is Saturday in Quartz: write SAT for each Saturday, SATL for the last one of a month", part)
	}
	name, occurrence, isNth := strings.Cut(part, "#")
	if !isNth {
		cut := len(part) - 1
		if cut < 1 || !strings.EqualFold(part[cut:], "L") {
			return nil, nil
		}
		name, occurrence = part[:cut], "L"
	}
	n, err := weekday.number(part, name)
	if err != nil {
		return nil, err
	}
	n = weekday.counted(n)
	if strings.EqualFold(occurrence, "L") {
		return lastOf(n), nil
	}
	nth, ok := digits(occurrence)
	if !ok || nth < 1 || nth > mostOfAWeekday {
		return nil, fmt.Errorf("in the day of the week %q, what follows # is %q, want 1 to %d, or L for the last", part, occurrence, mostOfAWeekday)
	}
	return nthOf(n, nth), nil
}

// mostOfAWeekday is how often a weekday can come in a month.
const mostOfAWeekday = 5

func nthOf(weekday, nth int) rule {
	return func(s shape) int { return 1 + (weekday-s.first+week)%week + (nth-1)*week }
}

func lastOf(weekday int) rule {
	return func(s shape) int { return s.length - (s.weekday(s.length)-weekday+week)%week }
}
