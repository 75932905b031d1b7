// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"regexp"
	"strings"
	"testing"
	"time"

	quartz "github.com/netresearch/go-cron"
	"github.com/robfig/cron/v3"
)

func table(t *testing.T, text, zoneName string) Timetable {
	t.Helper()
	expression, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := LoadZone(zoneName)
	if err != nil {
		t.Fatal(err)
	}
	return NewTimetable(expression, zone)
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// The table has the ticks after a time. Searching backwards finds the same ticks.
func TestTicks(t *testing.T) {
	for name, c := range map[string]struct {
		schedule, zone, after string
		want                  []string
	}{
		"each minute":             {"* * * * *", "", "2026-01-01T00:00:30Z", []string{"2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"}},
		"a tick is not after":     {"* * * * *", "", "2026-01-01T00:01:00Z", []string{"2026-01-01T00:02:00Z"}},
		"each second":             {"* * * * * *", "", "2026-01-01T00:00:59Z", []string{"2026-01-01T00:01:00Z", "2026-01-01T00:01:01Z"}},
		"seconds":                 {"10,40 59 23 31 12 *", "", "2026-12-31T23:59:10Z", []string{"2026-12-31T23:59:40Z", "2027-12-31T23:59:10Z"}},
		"hourly":                  {"@hourly", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
		"weekly is Sunday":        {"@weekly", "", "2026-01-01T00:00:00Z", []string{"2026-01-04T00:00:00Z"}},
		"every from 1970":         {"@every 90s", "", "1970-01-01T00:01:29Z", []string{"1970-01-01T00:01:30Z", "1970-01-01T00:03:00Z"}},
		"a day of month or week":  {"0 0 13 * FRI", "", "2026-02-10T00:00:00Z", []string{"2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z"}},
		"a step is a restriction": {"0 0 13 * */6", "", "2026-02-08T00:00:00Z", []string{"2026-02-13T00:00:00Z", "2026-02-14T00:00:00Z", "2026-02-15T00:00:00Z"}},
		"leap day":                {"0 0 29 2 *", "", "2026-01-01T00:00:00Z", []string{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
		"no leap day in 2100":     {"0 0 29 2 *", "", "2096-03-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
		"the 31st":                {"0 0 31 * *", "", "2026-01-31T00:00:00Z", []string{"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"}},
		"Shanghai":                {"30 2 * * *", "Asia/Shanghai", "2026-11-24T00:00:00Z", []string{"2026-11-24T18:30:00Z", "2026-11-25T18:30:00Z"}},
		"a zone of quarter hours": {"0 0 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", []string{"2026-01-01T18:15:00Z"}},

		// New York skips 02:00 to 03:00 on 8 March 2026, at 07:00Z, and has 01:00 to 02:00 twice on 1 November.
		"skipped: at the jump":                {"30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
		"skipped: once":                       {"*/10 2 * * *", "America/New_York", "2026-03-08T06:59:59Z", []string{"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"}},
		"skipped: one with the hour after":    {"0 2,3 * * *", "America/New_York", "2026-03-08T06:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"}},
		"skipped: nothing in every hour":      {"30 * * * *", "America/New_York", "2026-03-08T06:00:00Z", []string{"2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"}},
		"the jump itself, in every hour":      {"0 * * * *", "America/New_York", "2026-03-08T06:00:00Z", []string{"2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"}},
		"doubled: the first":                  {"30 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", []string{"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
		"doubled: not again from within":      {"*/15 1 * * *", "America/New_York", "2026-11-01T06:20:00Z", []string{"2026-11-02T06:00:00Z"}},
		"doubled: the hour after":             {"0 1,2 * * *", "America/New_York", "2026-11-01T04:00:00Z", []string{"2026-11-01T05:00:00Z", "2026-11-01T07:00:00Z"}},
		"doubled: twice in every hour":        {"30 * * * *", "America/New_York", "2026-11-01T05:00:00Z", []string{"2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z"}},
		"doubled: the first second, each one": {"0 0-23 * * *", "America/New_York", "2026-11-01T05:00:00Z", []string{"2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"}},
		// Lord Howe's clocks go forward by half an hour only, from 02:00 to 02:30, on 4 October 2026 at 15:30Z.
		"half an hour skipped":          {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", []string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		"after half an hour skipped":    {"0 3 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", []string{"2026-10-03T16:00:00Z", "2026-10-04T16:00:00Z"}},
		"half an hour, every hour":      {"15 * * * *", "Australia/Lord_Howe", "2026-10-03T14:45:00Z", []string{"2026-10-03T16:15:00Z"}},
		"half an hour back, every hour": {"45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", []string{"2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-04T16:15:00Z"}},
		// Samoa had no 30 December 2011.
		"a day skipped": {"0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", []string{"2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"}},
		// Beirut's clocks go from 00:00 to 01:00: midnight is skipped.
		"midnight skipped": {"@daily", "Asia/Beirut", "2026-03-28T12:00:00Z", []string{"2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			table, from := table(t, c.schedule, c.zone), at(t, c.after)
			for _, want := range c.want {
				got := table.Next(from)
				if !got.Equal(at(t, want)) {
					t.Fatalf("after %s: %s, want %s", from.Format(time.RFC3339), got.Format(time.RFC3339), want)
				}
				if last := table.Last(got.Add(time.Second / 2)); !last.Equal(got) {
					t.Errorf("looking back from %s: %s", got, last)
				}
				if last := table.Last(got.Add(-time.Second)); last.After(from) {
					t.Errorf("looking back from before %s: %s, though it follows %s", got, last, from)
				}
				from = got
			}
		})
	}
}

// Without clock changes, the ticks are those of the library that CronJobs use.
func TestTicksAreThoseOfACronJob(t *testing.T) {
	for _, text := range []string{
		"* * * * *", "*/7 * * * *", "0 */5 * * *", "30 2 * * *", "0 0 1,15 * WED", "15 10 ? * MON-FRI", "0 0 31 * *", "0 0 29 2 *",
		"59 23 31 DEC *", "5-10,50 8-18/2 * 1-6 *", "0 0 */2 * */3", "@yearly", "@monthly", "@weekly", "@daily", "@hourly",
	} {
		theirs, err := cron.ParseStandard(text)
		if err != nil {
			t.Fatal(err)
		}
		ours, from := table(t, text, "UTC"), time.Date(2026, 2, 27, 13, 14, 15, 0, time.UTC)
		for range 50 {
			want := theirs.Next(from)
			if want.IsZero() {
				break // the library looks five years ahead
			}
			if got := ours.Next(from); !got.Equal(want) {
				t.Fatalf("%q after %s: %s, want %s", text, from, got, want)
			}
			from = want
		}
	}
}

// The days of the Quartz forms are those that another library finds.
func TestCase34DaysAreThoseOfALibrary(t *testing.T) {
	parser := quartz.MustNewParser(quartz.SecondOptional | quartz.Minute | quartz.Hour | quartz.Dom | quartz.Month | quartz.Dow | quartz.Extended | quartz.DowOrDom)
	for _, text := range []string{
		"0 0 * * 7", "0 0 * * 5-7", "0 0 * * FRI-SUN", "0 0 L * *", "0 0 L-3 * ?", "0 0 L-28,1 * *", "0 0 LW * ?", "0 0 1W * *", "0 0 15W,31W * *", "0 0 29W 2 *",
		"0 0 * * FRI#3", "0 0 * * 7#5", "0 0 * * MON#L", "0 0 13 * FRI#2", "0 0 L * 1-5", "0 0 LW 2 MON#1,TUE", "10 0 0 1,15,L 1-6 ?",
	} {
		theirs, err := parser.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		ours, from := table(t, text, "UTC"), time.Date(2026, 2, 27, 13, 14, 15, 0, time.UTC)
		for range 100 {
			want := theirs.Next(from)
			if want.IsZero() {
				break // the library looks five years ahead
			}
			if got := ours.Next(from); !got.Equal(want) {
				t.Fatalf("%q after %s: %s, want %s", text, from, got, want)
			}
			from = want
		}
	}
}

// FuzzTicksOfACronJob checks that an expression that a CronJob accepts is accepted and has the same ticks.
func FuzzTicksOfACronJob(f *testing.F) {
	for _, seed := range []string{"* * * * *", "*/7 1-5,9 29 2 *", "30 2 * * MON-FRI", "0 0 31 * ?", "0 */24 * * *", "*/60 * * * *", "5/15 * * * 1/2", "0 0 13 * */6", "0 0 1-7,* * MON", "@weekly"} {
		f.Add(seed, int64(1772953199))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		theirs, err := cron.ParseStandard(text)
		if _, plain := theirs.(*cron.SpecSchedule); err != nil || !plain || strings.ContainsAny(text, "+=") || len(text) > maxExpression || unix < 0 || unix > 4e9 {
			return
		}
		from := time.Unix(unix, 0).UTC()
		want := theirs.Next(from)
		if want.IsZero() || takenForSomethingElse(text) {
			return
		}
		expression, err := Parse(text)
		if err != nil {
			t.Fatalf("%q is refused, and a CronJob takes it: %v", text, err)
		}
		if got := NewTimetable(expression, time.UTC).Next(from); !got.Equal(want) {
			t.Fatalf("%q after %s: %s, want %s", text, from, got, want)
		}
	})
}

// takenForSomethingElse reports whether the library misreads an expression: an empty part, text after a star, or a step
// or number of more than seven digits.
func takenForSomethingElse(text string) bool {
	for _, field := range strings.Fields(text) {
		for part := range strings.SplitSeq(field, ",") {
			if part == "" || strings.HasPrefix(part, "*-") || strings.HasPrefix(part, "?-") {
				return true
			}
		}
	}
	return regexp.MustCompile(`[0-9]{7}`).MatchString(text)
}

// Second by second over clock changes, searching forwards and backwards finds the same ticks.
func TestTicksOverAChangeOfClocks(t *testing.T) {
	for _, text := range []string{"*/20 * * * *", "*/20 1-3 * * *", "0,1 1,2,3 * * *", "10 * * * *"} {
		for zone, around := range map[string][]string{
			"America/New_York":    {"2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"},
			"Australia/Lord_Howe": {"2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"},
		} {
			for _, moment := range around {
				table := table(t, text, zone)
				start := at(t, moment).Add(-3 * time.Hour)
				ticks := map[int64]bool{}
				for tick := table.Next(start); tick.Before(start.Add(6 * time.Hour)); tick = table.Next(tick) {
					ticks[tick.Unix()] = true
				}
				last := table.Last(start)
				for now := start.Add(time.Second); now.Before(start.Add(6 * time.Hour)); now = now.Add(time.Second) {
					if ticks[now.Unix()] {
						last = now
					}
					if got := table.Last(now); !got.Equal(last) {
						t.Fatalf("%q in %s: the last tick at %s is %s, want %s", text, zone, now, got, last)
					}
				}
			}
		}
	}
}
