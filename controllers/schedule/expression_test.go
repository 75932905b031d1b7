package schedule

import (
	"strings"
	"testing"
	"time"
)

func TestParseRefusesWithTheCause(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":                   {"", "is empty"},
		"blank":                   {" \t ", "is empty"},
		"too long":                {strings.Repeat("1,", 300) + "1 * * * *", "512 is the most"},
		"too few fields":          {"* * * *", "expected 5 to 6 fields, found 4"},
		"too many fields":         {"* * * * * * *", "expected 5 to 6 fields, found 7"},
		"a minute too high":       {"60 * * * *", "above maximum (59)"},
		"a second too high":       {"60 * * * * *", "above maximum (59)"},
		"day 0":                   {"0 0 0 * *", "below minimum (1)"},
		"Sunday as 7":             {"0 0 * * 7", "above maximum (6)"},
		"a negative number":       {"-1 * * * *", "no cron expression"},
		"step 0":                  {"*/0 * * * *", "positive number"},
		"a range backwards":       {"0 22-2 * * *", "beyond end of range"},
		"a word":                  {"0 0 * * someday", "failed to parse int"},
		"a list with a gap":       {"1,,2 * * * *", "empty part"},
		"a list of nothing":       {", * * * *", "empty part"},
		"a star in a range":       {"*-5 * * * *", "is no range"},
		"a zone":                  {"TZ=Asia/Shanghai 0 0 * * *", "the field timeZone"},
		"a zone alone":            {"TZ=", "the field timeZone"},
		"another zone":            {"CRON_TZ=UTC", "the field timeZone"},
		"a day that never comes":  {"0 0 30 2 *", "never comes true"},
		"an unknown descriptor":   {"@reboot", "unrecognized descriptor"},
		"every without duration":  {"@every ", "no cron expression"},
		"every of a fraction":     {"@every 1500ms", "whole seconds"},
		"every of less than one":  {"@every 1ms", "whole seconds"},
		"every of nothing":        {"@every 0s", "whole seconds"},
		"every of less than none": {"@every -5s", "whole seconds"},
		"every of nonsense":       {"@every day", "whole seconds"},
		"NUL":                     {"\x00 * * * *", "no cron expression"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: got %v, want an error that says %q", c.text, err, c.says)
			}
		})
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

// FuzzParse: whatever is parsed has ticks that rise, are whole seconds, match looking backwards, and take little
// work to find.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"* * * * *", "*/7 1-5,9 29 2 *", "30 2 * * MON-FRI", "0 0 31 * ?", "* * * * * *", "@hourly", "@every 90s", "@every 1h",
		"0 0 29 2 1", "TZ=", "@every -1s", ",", "*-1 * * * *", "59 59 23 31 12 *", "0 0-23 * * *", "@yearly", "*/99999999999999999999 * * * *",
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
