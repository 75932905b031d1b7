// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strconv"
	"strings"
)

// field describes one field of an expression.
type field struct {
	// name is for messages.
	name        string
	least, most int
	// cycle is the highest number for "*" and for a step without an end.
	cycle int
	// names are those of the numbers from least on, or nil.
	names []string
	// forms are the other allowed forms, for messages.
	forms string
}

var (
	second  = field{name: "second", most: 59, cycle: 59}
	minute  = field{name: "minute", most: 59, cycle: 59}
	hour    = field{name: "hour", most: 23, cycle: 23}
	day     = field{name: "day of the month", least: 1, most: 31, cycle: 31, forms: "; L for the last day, L-3 for the third before it, LW for the last day from Monday to Friday, 15W for the one nearest to the 15th"}
	month   = field{name: "month", least: 1, most: 12, cycle: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}}
	weekday = field{name: "day of the week", most: saturday + 1, cycle: saturday, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, forms: "; 0 and 7 are Sunday; FRI#3 for the third Friday of a month, FRIL for the last"}
)

const saturday = 6

// numbersInto returns a function that parses a field into a set of numbers.
func numbersInto(set *uint64, f field) func(string) error {
	return func(text string) error {
		return f.eachPart(text, func(part string) error {
			numbers, _, err := f.numbers(part)
			*set |= numbers
			return err
		})
	}
}

// eachPart visits the parts of a list.
func (f field) eachPart(text string, visit func(string) error) error {
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			return fmt.Errorf("in the %s, the list %q has an empty part", f.name, text)
		}
		if err := visit(part); err != nil {
			return err
		}
	}
	return nil
}

// numbers parses a part: "*" or "?", a number, or a range, each with an optional step after a slash. star means that
// the part restricts nothing.
func (f field) numbers(part string) (set uint64, star bool, err error) {
	span, step, stepped := strings.Cut(part, "/")
	by := 1
	if stepped {
		if by, err = f.step(part, step); err != nil {
			return 0, false, err
		}
	}
	from, to := f.least, f.cycle
	star = span == "*" || span == "?"
	if !star {
		if from, to, err = f.span(part, span, stepped); err != nil {
			return 0, false, err
		}
	}
	for n := from; n <= to; n += by {
		set |= 1 << f.counted(n)
	}
	return set, star && by == 1, nil
}

// counted returns the number that represents n in a set: Sunday is 0.
func (f field) counted(n int) int {
	if f.most > f.cycle && n == f.most {
		return f.least
	}
	return n
}

// maxStep keeps steps far from the bounds of an int. As in a CronJob, a step that is larger than its range matches the
// first number only.
const maxStep = 1_000_000

func (f field) step(part, text string) (int, error) {
	n, ok := digits(text)
	if !ok || n < 1 || n > maxStep {
		return 0, fmt.Errorf("in the %s, the step of %q is %q, want a whole number from 1 on", f.name, part, text)
	}
	return n, nil
}

// span parses a number or a range. A number with a step begins a range up to the end.
func (f field) span(part, text string, stepped bool) (from, to int, err error) {
	first, last, isRange := strings.Cut(text, "-")
	if from, err = f.number(part, first); err != nil {
		return 0, 0, err
	}
	if !isRange {
		from = f.counted(from)
		if to = from; stepped {
			to = f.cycle
		}
		return from, to, nil
	}
	if to, err = f.number(part, last); err != nil {
		return 0, 0, err
	}
	from, to = f.aroundSunday(from, to)
	if from > to {
		return 0, 0, fmt.Errorf("in the %s, the range %q runs backwards: write \"%s-%d,%d-%s\"", f.name, text, first, f.cycle, f.least, last)
	}
	return from, to, nil
}

// aroundSunday allows a range to begin or end on Sunday, which is the first and the last day of the week.
func (f field) aroundSunday(from, to int) (int, int) {
	switch {
	case f.most == f.cycle:
		return from, to
	case from == f.most && to == f.most:
		return f.least, f.least
	case from == f.most:
		return f.least, to
	case to == f.least && from > f.least:
		return from, f.most
	}
	return from, to
}

// number parses a number or a name.
func (f field) number(part, text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.least + i, nil
		}
	}
	if n, ok := digits(text); ok && n >= f.least && n <= f.most {
		return n, nil
	}
	return 0, f.unknown(part)
}

// unknown returns an error that says what is allowed instead of a part.
func (f field) unknown(part string) error {
	names := ""
	if len(f.names) > 0 {
		names = " or a name from " + f.names[0] + " to " + f.names[len(f.names)-1]
	}
	return fmt.Errorf("the %s cannot be %q: it is a number from %d to %d%s, a range such as %d-%d, or *, each also with a step such as */%d%s",
		f.name, part, f.least, f.most, names, f.least+1, f.least+3, f.least+2, f.forms)
}

// digits parses a number of at most seven decimal digits.
func digits(text string) (n int, ok bool) {
	if text == "" || len(text) > 7 || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
