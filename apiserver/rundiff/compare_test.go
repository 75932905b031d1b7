// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rundiff

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct{ before, after, want string }{
		"the same":          {`{"a":1,"b":[1,{"c":2}]}`, `{ "b":[1,{"c":2}],"a":1}`, ""},
		"nothing":           {"", "", ""},
		"a value":           {`{"a":1}`, `{"a":2}`, "/a 1 2"},
		"types":             {`{"a":"1"}`, `{"a":1}`, `/a "1" 1`},
		"a large number":    {`{"a":9007199254740993}`, `{"a":9007199254740992}`, "/a 9007199254740993 9007199254740992"},
		"added and removed": {`{"a":1,"c":3}`, `{"b":null,"c":3}`, "/a 1 -, /b - null"},
		"within":            {`{"a":{"b/c":[1,2]}}`, `{"a":{"b/c":[1,3]}}`, "/a/b~1c/1 2 3"},
		"other lengths":     {`{"a":[1]}`, `{"a":[1,2]}`, "/a [1] [1,2]"},
		"no longer there":   {`{"a":1}`, "", ` {"a":1} -`},
		"not JSON":          {`{`, `{"a":1}`, ` "{" {"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			changes, more := JSON([]byte(c.before), []byte(c.after))
			var got []string
			for _, one := range changes {
				or := func(raw json.RawMessage) string {
					if raw == nil {
						return "-"
					}
					return string(raw)
				}
				got = append(got, one.Path+" "+or(one.Before)+" "+or(one.After))
			}
			if strings.Join(got, ", ") != c.want || more {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestJSONIsBounded(t *testing.T) {
	before, after := map[string]string{}, map[string]string{}
	for i := range 150 {
		before[fmt.Sprint(i)], after[fmt.Sprint(i)] = strings.Repeat("ä", 5000), "x"
	}
	was, _ := json.Marshal(before)
	is, _ := json.Marshal(after)
	changes, more := JSON(was, is)
	if len(changes) != maxChanges || !more {
		t.Errorf("%d changes, more %v", len(changes), more)
	}
	for _, c := range changes {
		if !json.Valid(c.Before) || len(c.Before) > 2*maxValue {
			t.Fatalf("%d bytes: %s", len(c.Before), c.Before)
		}
	}
}

func TestLogs(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		cut           bool
		want          string
	}{
		"the same":               {"a|b", "a|b", false, ""},
		"none":                   {"", "", false, ""},
		"one line":               {"a|b|c", "a|x|c", false, "2: b|c / x|c"},
		"times":                  {"2025-11-25T11:05:00.123Z a|11:05:01 b|{\"ts\":1732532700.5}", "2026-01-02 03:04:05,9 a|12:00:00.1 b|{\"ts\":1732532999.25}", false, ""},
		"a number is no time":    {"read 10 rows", "read 12 rows", false, "1: read 10 rows / read 12 rows"},
		"one has more":           {"a", "a|b", false, "2:  / b"},
		"one has more, cut":      {"a", "a|b", true, ""},
		"a difference, cut":      {"a|b", "a|c|d", true, "2: b / c|d"},
		"no more than ten lines": {"x" + strings.Repeat("|a", 20), strings.Repeat("|a", 20), false, "1: x" + strings.Repeat("|a", 9) + " / " + strings.Repeat("|a", 9)},
	} {
		t.Run(name, func(t *testing.T) {
			split := func(s string) []string {
				if s == "" {
					return nil
				}
				return strings.Split(s, "|")
			}
			got := ""
			if d := Logs(split(c.before), split(c.after), c.cut); d != nil {
				got = fmt.Sprintf("%d: %s / %s", d.Line, strings.Join(d.Before, "|"), strings.Join(d.After, "|"))
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `{"a":[1,{"b":2}]}`)
	f.Add(`{`, "")
	f.Fuzz(func(t *testing.T, before, after string) {
		changes, _ := JSON([]byte(before), []byte(after))
		for _, c := range changes {
			if c.Before != nil && !json.Valid(c.Before) || c.After != nil && !json.Valid(c.After) {
				t.Errorf("%q to %q: %+v", before, after, c)
			}
		}
		if same, more := JSON([]byte(before), []byte(before)); len(same) > 0 || more {
			t.Errorf("%q differs from itself: %+v", before, same)
		}
	})
}
