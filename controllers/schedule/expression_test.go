// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// An error says in our own words which part is wrong and what is allowed there.
func TestCase34CronRefusedInOurWords(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":                   {"", "is empty"},
		"blank":                   {" \t ", "is empty"},
		"too long":                {strings.Repeat("1,", 300) + "1 * * * *", "512 is the most"},
		"one field":               {"x", "it has 1 field, want 5"},
		"too few fields":          {"* * * *", "it has 4 fields, want 5 (minute, hour, day of the month, month, day of the week) or 6"},
		"too many fields":         {"* * * * * * * *", "it has 8 fields"},
		"a minute too high":       {"60 * * * *", `the minute cannot be "60": it is a number from 0 to 59`},
		"a second too high":       {"60 * * * * *", `the second cannot be "60"`},
		"an hour too high":        {"0 24 * * *", `the hour cannot be "24": it is a number from 0 to 23`},
		"day 0":                   {"0 0 0 * *", `the day of the month cannot be "0": it is a number from 1 to 31`},
		"day 32":                  {"0 0 32 * *", "LW for the last day from Monday to Friday"},
		"month 13":                {"0 0 1 13 *", `the month cannot be "13": it is a number from 1 to 12 or a name from JAN to DEC`},
		"weekday 8":               {"0 0 * * 8", "a number from 0 to 7 or a name from SUN to SAT"},
		"weekday 8 at the end":    {"0 0 * * 5-8", "a number from 0 to 7 or a name from SUN to SAT"},
		"a negative number":       {"-1 * * * *", `the minute cannot be "-1"`},
		"a sign":                  {"+1 * * * *", `the minute cannot be "+1"`},
		"a number beyond all":     {"99999999999999999999 * * * *", "the minute cannot be"},
		"a step beyond all":       {"*/99999999999999999999 * * * *", "want a whole number from 1 on"},
		"step 0":                  {"*/0 * * * *", `the step of "*/0" is "0", want a whole number from 1 on`},
		"no step":                 {"*/ * * * *", `the step of "*/" is ""`},
		"two steps":               {"*/2/3 * * * *", `the step of "*/2/3" is "2/3"`},
		"a range backwards":       {"0 22-2 * * *", `in the hour, the range "22-2" runs backwards: write "22-23,0-2"`},
		"months backwards":        {"0 0 1 NOV-FEB *", `write "NOV-12,1-FEB"`},
		"weekdays backwards":      {"0 0 * * FRI-MON", `write "FRI-6,0-MON"`},
		"a range of three":        {"1-2-3 * * * *", `the minute cannot be "1-2-3"`},
		"a range without an end":  {"1- * * * *", `the minute cannot be "1-"`},
		"a word":                  {"0 0 * * someday", `the day of the week cannot be "someday"`},
		"a whole name":            {"0 0 * * Monday", "a name from SUN to SAT"},
		"a name in Chinese":       {"0 0 * * 周一", `the day of the week cannot be "周一"`},
		"digits in Chinese":       {"0 ８ * * *", `the hour cannot be "８"`},
		"a month in Chinese":      {"0 0 1 十二月 *", "a name from JAN to DEC"},
		"Jenkins' H":              {"H H * * *", `the minute cannot be "H"`},
		"a list with a gap":       {"1,,2 * * * *", "empty part"},
		"a list of nothing":       {", * * * *", "empty part"},
		"a list with an end":      {"1, * * * *", "empty part"},
		"a star in a range":       {"*-5 * * * *", `the minute cannot be "*-5"`},
		"a zone":                  {"TZ=Asia/Shanghai 0 0 * * *", "the field timeZone"},
		"only a zone":             {"TZ=", "the field timeZone"},
		"another zone":            {"CRON_TZ=UTC 0 0 * * *", "the field timeZone"},
		"a day that never comes":  {"0 0 30 2 *", "never comes true"},
		"a workday that never is": {"0 0 31W 4 *", "never comes true"},
		"a year":                  {"0 0 12 1 1 ? 2027", `its seventh field "2027" is a year, which is not possible: leave it out`},
		"years":                   {"0 0 12 1 1 ? 2027-2030", "is a year"},
		"Quartz' numbers":         {"0 0 12 ? * 2 *", "here they count from 0 for Sunday: write names, such as MON"},
		"Quartz' Saturday":        {"0 0 12 ? * L", "write SAT for each Saturday, SATL for the last one"},
		"L in the month":          {"0 0 1 L *", `the month cannot be "L"`},
		"L of nothing":            {"0 0 L-0 * *", `the day of the month cannot be "L-0"`},
		"L of too much":           {"0 0 L-31 * *", `the day of the month cannot be "L-31"`},
		"a workday before L":      {"0 0 L-3W * *", `the day of the month cannot be "L-3W"`},
		"W of a range":            {"0 0 1-15W * *", `the day of the month cannot be "1-15W"`},
		"W of a day 32":           {"0 0 32W * *", `the day of the month cannot be "32W"`},
		"W alone":                 {"0 0 W * *", "15W for the one nearest to the 15th"},
		"W of a weekday":          {"0 0 * * 5W", "the day of the week cannot be"},
		"the sixth":               {"0 0 * * 5#6", "what follows # is \"6\", want 1 to 5, or L for the last"},
		"the zeroth":              {"0 0 * * MON#0", "want 1 to 5"},
		"which one":               {"0 0 * * MON#", "want 1 to 5"},
		"the third of what":       {"0 0 * * #3", `the day of the week cannot be "#3"`},
		"the third eighth day":    {"0 0 * * 8#3", `the day of the week cannot be "8#3"`},
		"the last eighth day":     {"0 0 * * 8L", `the day of the week cannot be "8L"`},
		"a restart":               {"@reboot", "taskexec.dev/run-on-change"},
		"an unknown descriptor":   {"@fortnightly", "what begins with @ can be @yearly"},
		"a descriptor and more":   {"@daily 5", "what begins with @ can be @yearly"},
		"every without duration":  {"@every ", "what begins with @ can be"},
		"every of a fraction":     {"@every 1500ms", "whole seconds"},
		"every of less than one":  {"@every 1ms", "whole seconds"},
		"every of nothing":        {"@every 0s", "whole seconds"},
		"every of less than none": {"@every -5s", "whole seconds"},
		"every of nonsense":       {"@every day", "whole seconds"},
		"NUL":                     {"\x00 * * * *", "no cron expression"},
		"no UTF-8":                {"\xff * * * *", "no cron expression"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(c.text)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%q: got %v, want an error that says %q", c.text, err, c.says)
			}
			checkRefusal(t, err)
		})
	}
}

// checkRefusal fails if an error has words of the standard library, or characters that no status or JSON can hold.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	for _, foreign := range []string{"strconv", "parsing", "syntax", "parse int", "time:"} {
		if quoted := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(err.Error(), ""); strings.Contains(quoted, foreign) {
			t.Errorf("the refusal has words that are not ours: %v", err)
		}
	}
	if !utf8.ValidString(err.Error()) || len(err.Error()) > maxMessage {
		t.Errorf("the refusal cannot be stored: %q", err)
	}
}

// Day fields as users of crontabs and of Quartz write them, and the days that they mean. 1 January 2026 is a Thursday.
func TestCase34DaysAsQuartzHasThem(t *testing.T) {
	for text, want := range map[string][]string{
		"0 0 * * 7":           {"01-04", "01-11", "01-18"},
		"0 0 * * 5-7":         {"01-02", "01-03", "01-04", "01-09"},
		"0 0 * * 7-2":         {"01-04", "01-05", "01-06", "01-11"},
		"0 0 * * 7-7":         {"01-04", "01-11"},
		"0 0 * * 0-7":         {"01-01", "01-02", "01-03", "01-04", "01-05"},
		"0 0 * * FRI-SUN":     {"01-02", "01-03", "01-04", "01-09"},
		"0 0 * * fri-sun":     {"01-02", "01-03", "01-04", "01-09"},
		"0 0 * * 1/2":         {"01-02", "01-05", "01-07", "01-09"},
		"0 0 * * 7/3":         {"01-03", "01-04", "01-07", "01-10"},
		"0 0 L * *":           {"01-31", "02-28", "03-31", "04-30"},
		"0 0 l * ?":           {"01-31", "02-28", "03-31", "04-30"},
		"0 0 L-3 * ?":         {"01-28", "02-25", "03-28", "04-27"},
		"0 0 L-30 * ?":        {"01-01", "03-01", "05-01"},
		"0 0 LW * ?":          {"01-30", "02-27", "03-31", "04-30", "05-29"},
		"0 0 15W * *":         {"01-15", "02-16", "03-16", "04-15"},
		"0 0 1W * *":          {"01-01", "02-02", "03-02", "04-01", "05-01", "06-01", "07-01", "08-03"},
		"0 0 31W * *":         {"01-30", "03-31", "05-29", "07-31", "08-31", "10-30"},
		"0 0 30W 5,8 *":       {"05-29", "08-31"},
		"0 0 1,15,L * *":      {"01-01", "01-15", "01-31", "02-01", "02-15", "02-28"},
		"0 0 * * FRI#3":       {"01-16", "02-20", "03-20"},
		"0 0 * * 5#3":         {"01-16", "02-20", "03-20"},
		"0 0 * * 7#1":         {"01-04", "02-01", "03-01"},
		"0 0 * * 0#1":         {"01-04", "02-01", "03-01"},
		"0 0 * * THU#5":       {"01-29", "04-30", "07-30"},
		"0 0 * * FRIL":        {"01-30", "02-27", "03-27"},
		"0 0 * * 5L":          {"01-30", "02-27", "03-27"},
		"0 0 * * 7l":          {"01-25", "02-22", "03-29"},
		"0 0 * * FRI#L":       {"01-30", "02-27", "03-27"},
		"0 0 * * MON#1,FRIL":  {"01-05", "01-30", "02-02", "02-27"},
		"0 0 13 * FRI#2":      {"01-09", "01-13", "02-13", "03-13", "04-10", "04-13"},
		"0 0 L * MON#1":       {"01-05", "01-31", "02-02", "02-28"},
		"0 0 0 LW * ?":        {"01-30", "02-27"},
		"0 0 0 LW * ? *":      {"01-30", "02-27"},
		"0 0 0 ? * FRI#3 ?":   {"01-16", "02-20"},
		"0 0 0 ? * MON-WED *": {"01-05", "01-06", "01-07", "01-12"},
		"0 0 0 1/10 * ? *":    {"01-01", "01-11", "01-21", "01-31", "02-01"},
		"0 0 ? * ?":           {"01-01", "01-02"},
		"0 */24 * * *":        {"01-01", "01-02"},
		"0 0 */31 * *":        {"01-01", "02-01"},
	} {
		t.Run(text, func(t *testing.T) {
			table, from := table(t, text, ""), time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC)
			for _, date := range want {
				next := table.Next(from)
				if got := next.Format("01-02"); got != date {
					t.Fatalf("after %s: %s, want %s", from.Format(time.RFC3339), got, date)
				}
				if last := table.Last(next.Add(time.Hour)); !last.Equal(next) {
					t.Fatalf("looking back from %s: %s", next, last)
				}
				from = next
			}
		})
	}
}

// The rarest days are found in little time, however far away, in any zone.
func TestCase34RarestDays(t *testing.T) {
	for _, zone := range []string{"", "Africa/Casablanca", "Australia/Lord_Howe"} {
		for _, text := range []string{"0 0 * 2 MON#5", "* * * 2 MON#5", "* * * * 2 MON#5"} {
			table, from := table(t, text, zone), time.Date(2089, 1, 1, 0, 0, 0, 0, time.UTC)
			next := table.Next(from)
			if year := next.In(table.zone).Year(); year != 2112 {
				t.Errorf("%q in %q after %s: %s", text, zone, from, next)
			}
			before := table.Last(next.Add(-time.Second))
			if year := before.In(table.zone).Year(); year != 2072 {
				t.Errorf("%q in %q before %s: %s", text, zone, next, before)
			}
		}
	}
}

func TestLoadZone(t *testing.T) {
	for name, says := range map[string]string{
		"": "", "UTC": "", "Asia/Shanghai": "", "America/Argentina/Buenos_Aires": "", "Etc/GMT+12": "",
		"Local": "depends on where", "local": "depends on where", "Asia/Shangai": "no time zone", "+08:00": "no time zone",
		"../etc/passwd": "no time zone", "/etc/localtime": "no time zone", "Asia": "no time zone", "\x00": "no time zone",
	} {
		zone, err := LoadZone(name)
		if says == "" && (err != nil || zone == nil) {
			t.Errorf("%q: %v", name, err)
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: got %v, want an error that says %q", name, err, says)
		}
	}
}

// FuzzParse checks the ticks of any expression: they rise, are whole seconds, agree with those found backwards, and
// take little work to find.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"* * * * *", "*/7 1-5,9 29 2 *", "30 2 * * MON-FRI", "0 0 31 * ?", "* * * * * *", "@hourly", "@every 90s", "@every 1h",
		"0 0 29 2 1", "TZ=", "@every -1s", ",", "*-1 * * * *", "59 59 23 31 12 *", "0 0-23 * * *", "@yearly", "*/99999999999999999999 * * * *",
		"0 0 L * *", "0 0 LW,L-3,15W * ?", "0 0 * * 5-7", "0 0 ? * FRI#3,MONL,0#L", "0 0 0 ? * SUN *", "0 0 31W 4 *", "0 22-2 * * *", "* * * 2 MON#5", "0 0 * * 周一",
	} {
		for _, zone := range []string{"", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "Pacific/Apia", "Africa/Casablanca"} {
			f.Add(seed, zone, int64(1772953199))
		}
	}
	f.Fuzz(func(t *testing.T, text, zoneName string, unix int64) {
		zone, err := LoadZone(zoneName)
		if err != nil {
			return
		}
		expression, err := Parse(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if unix < 0 || unix > 4e9 {
			return
		}
		table, from := NewTimetable(expression, zone), time.Unix(unix, 0)
		for range 5 {
			next := table.Next(from)
			if !next.After(from) || next.Nanosecond() != 0 {
				t.Fatalf("%q in %q after %s: %s", text, zoneName, from, next)
			}
			if last := table.Last(next); !last.Equal(next) {
				t.Fatalf("%q in %q: %s is a tick, and looking back from it gives %s", text, zoneName, next, last)
			}
			if last := table.Last(next.Add(-time.Second)); last.After(from) {
				t.Fatalf("%q in %q: %s lies between %s and the next tick %s", text, zoneName, last, from, next)
			}
			from = next
		}
	})
}
