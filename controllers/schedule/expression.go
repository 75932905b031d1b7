package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// maxExpression in bytes, as in the CRD.
const maxExpression = 512

// Expression is a cron expression, read. It knows of no time zone.
type Expression struct {
	second, minute, hour uint64
	day, month, weekday  uint64
	// anyDay: the day of the month or that of the week is not restricted, so that both must match. Otherwise
	// one is enough, as in every cron since 1979.
	anyDay bool
	// every is the period of an expression that has no fields, zero otherwise.
	every time.Duration
}

var parser = cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// Parse reads five fields, six with the second first, a descriptor such as @hourly, or "@every" with a duration.
// The library has a say in what is an expression, as for a CronJob; when it comes true is decided here. It
// returns an error for what it cannot read, for a time zone within the expression, and for an expression that
// never comes true.
func Parse(text string) (Expression, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Expression{}, errors.New("the schedule is empty: a cron expression is wanted, such as \"30 2 * * *\"")
	case len(text) > maxExpression:
		return Expression{}, fmt.Errorf("the schedule has %d bytes, and %d is the most", len(text), maxExpression)
	case strings.Contains(text, "TZ"):
		return Expression{}, errors.New("the schedule must not name a time zone: the field timeZone does")
	case strings.HasPrefix(text, every):
		return parseEvery(text)
	}
	if err := checkFields(text); err != nil {
		return Expression{}, fmt.Errorf("%q is no cron expression: %w", text, err)
	}
	parsed, err := parser.Parse(text)
	if err != nil {
		return Expression{}, fmt.Errorf("%q is no cron expression: %w", text, err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return Expression{}, fmt.Errorf("%q is no cron expression that is known here", text)
	}
	e := Expression{
		second: fields.Second &^ star, minute: fields.Minute &^ star, hour: fields.Hour &^ star,
		day: fields.Dom &^ star, month: fields.Month &^ star, weekday: fields.Dow &^ star,
		anyDay: (fields.Dom|fields.Dow)&star != 0,
	}
	if _, ok := e.after(epoch2000); !ok {
		return Expression{}, fmt.Errorf("%q never comes true: no such day is in the calendar", text)
	}
	return e, nil
}

// star is the bit by which the library marks a field that is "*" or "?".
const star = 1 << 63

// epoch2000 is a moment of wall clock time from which every day that there is comes within eight years.
const epoch2000 wall = 946684800

// checkFields refuses what the library reads as something else: parts that are empty, and a range that begins
// with a star.
func checkFields(text string) error {
	for _, field := range strings.Fields(text) {
		for _, part := range strings.Split(field, ",") {
			switch {
			case part == "":
				return fmt.Errorf("the list %q has an empty part", field)
			case strings.HasPrefix(part, "*-"), strings.HasPrefix(part, "?-"):
				return fmt.Errorf("%q is no range", part)
			}
		}
	}
	return nil
}

// every is how an expression begins that has a period instead of fields.
const every = "@every "

// parseEvery is our own, because the library rounds a period in silence, and counts from when it was started.
func parseEvery(text string) (Expression, error) {
	period, err := time.ParseDuration(strings.TrimSpace(strings.TrimPrefix(text, every)))
	if err != nil || period < time.Second || period%time.Second != 0 {
		return Expression{}, fmt.Errorf("%q wants a duration of whole seconds after @every, at least 1s, such as \"@every 90s\"", text)
	}
	return Expression{every: period}, nil
}
