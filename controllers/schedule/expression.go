// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxExpression is in bytes, as in the CRD.
const maxExpression = 512

// Expression is a parsed cron expression. It has no time zone.
type Expression struct {
	second, minute, hour, month uint64
	// days has the matching days for each shape that a month can have.
	days monthDays
	// every is the period of an expression without fields, or zero.
	every time.Duration
}

// descriptors are the names for common expressions.
var descriptors = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

const possibleDescriptors = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every with a duration"

// Parse parses a cron expression:
//
//   - five fields, as in crontab(5), or six with the second first. If the day of the month and the day of the week are
//     both restricted, one match is enough, as in crontab(5).
//   - a seventh field, which is the year in Quartz, if it is "*" or "?".
//   - the forms of Quartz for days: L, L-3, LW, 15W, FRIL, FRI#L and FRI#3.
//   - a descriptor such as @hourly, or @every with a duration of whole seconds.
//
// A weekday has the number that it has in crontab(5): 0 or 7 is Sunday. Quartz expressions with a year count weekdays
// from 1, so their weekdays must be names.
//
// The error says which part is wrong and what is allowed there. An expression that never matches is an error, too.
func Parse(text string) (Expression, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Expression{}, errors.New("the schedule is empty: a cron expression is wanted, such as \"30 2 * * *\"")
	case len(text) > maxExpression:
		return Expression{}, fmt.Errorf("the schedule has %d bytes, and %d is the most", len(text), maxExpression)
	case strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ="):
		return Expression{}, errors.New("the schedule must not name a time zone: use the field timeZone for it")
	case strings.HasPrefix(text, every):
		return parseEvery(text)
	case strings.HasPrefix(text, "@"):
		return parseDescriptor(text)
	}
	e, err := parseFields(strings.Fields(text))
	if err != nil {
		return Expression{}, fmt.Errorf("%q is no cron expression: %w", text, err)
	}
	if _, ok := e.after(epoch2000); !ok {
		return Expression{}, fmt.Errorf("%q never comes true: the calendar has no such day", text)
	}
	return e, nil
}

// epoch2000 is a moment of wall clock time. Every month of every shape comes within searchMonths after it.
const epoch2000 wall = 946684800

// These are the possible numbers of fields of an expression.
const (
	fieldsOfCrontab = 5
	fieldsWithYear  = 7
)

func parseFields(fields []string) (e Expression, err error) {
	if len(fields) < fieldsOfCrontab || len(fields) > fieldsWithYear {
		return e, fmt.Errorf("it has %s, want 5 (minute, hour, day of the month, month, day of the week) or 6 with the second first", counted(len(fields)))
	}
	if len(fields) == fieldsWithYear {
		if fields, err = withoutYear(fields); err != nil {
			return e, err
		}
	}
	if len(fields) == fieldsOfCrontab {
		fields = slices.Insert(slices.Clone(fields), 0, "0")
	}
	day, weekday := days{}, days{}
	for i, read := range []func(string) error{
		numbersInto(&e.second, second), numbersInto(&e.minute, minute), numbersInto(&e.hour, hour),
		day.readMonthDays, numbersInto(&e.month, month), weekday.readWeekdays,
	} {
		if err := read(fields[i]); err != nil {
			return e, err
		}
	}
	e.days = daysOfMonths(day, weekday)
	return e, nil
}

func counted(fields int) string {
	if fields == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", fields)
}

// withoutYear removes the seventh field, if it restricts nothing.
func withoutYear(fields []string) ([]string, error) {
	year, weekday := fields[fieldsWithYear-1], fields[fieldsWithYear-2]
	switch {
	case year != "*" && year != "?":
		return nil, fmt.Errorf("its seventh field %q is a year, which is not possible: leave it out, or write \"*\"", year)
	case hasNumberedWeekday(weekday):
		return nil, fmt.Errorf("with a year it is an expression of Quartz, where the weekdays %q count from 1 for Sunday; here they count from 0 for Sunday: write names, such as MON", weekday)
	}
	return fields[:fieldsWithYear-1], nil
}

// hasNumberedWeekday reports whether a field names a weekday by its number. The number of a step or an occurrence does
// not count.
func hasNumberedWeekday(field string) bool {
	for part := range strings.SplitSeq(field, ",") {
		part, _, _ = strings.Cut(part, "/")
		part, _, _ = strings.Cut(part, "#")
		if strings.ContainsAny(part, "0123456789") {
			return true
		}
	}
	return false
}

func parseDescriptor(text string) (Expression, error) {
	if fields, known := descriptors[text]; known {
		return parseFields(strings.Fields(fields))
	}
	if text == "@reboot" {
		return Expression{}, errors.New("\"@reboot\" is not possible: no machine starts here. A Task is run when it changes with the annotation taskexec.dev/run-on-change; at a time, with " + possibleDescriptors)
	}
	return Expression{}, fmt.Errorf("%q is no cron expression: what begins with @ can be %s", text, possibleDescriptors)
}

// every is the prefix of an expression that has a period instead of fields.
const every = "@every "

// parseEvery parses a period. Periods are counted from 1970, so that two controllers agree.
func parseEvery(text string) (Expression, error) {
	period, err := time.ParseDuration(strings.TrimSpace(strings.TrimPrefix(text, every)))
	if err != nil || period < time.Second || period%time.Second != 0 {
		return Expression{}, fmt.Errorf("%q wants a duration of whole seconds after @every, at least 1s, such as \"@every 90s\"", text)
	}
	return Expression{every: period}, nil
}
