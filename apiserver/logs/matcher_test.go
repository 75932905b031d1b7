// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestMatcher(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		expression bool
		ignoreCase bool
		message    string
		want       []Range
	}{
		"a literal":                {"ab", false, false, "xabyab", []Range{{1, 3}, {4, 6}}},
		"another case":             {"AB", false, false, "xabyab", []Range{}},
		"any case":                 {"aB", false, true, "xAByab-Ab", []Range{{1, 3}, {4, 6}, {7, 9}}},
		"any case of k":            {"ok", false, true, "OK \u212a o\u212a", []Range{{0, 2}, {5, 7}}},
		"any case beyond ASCII":    {"ÄÖ", false, true, "x äö", []Range{{2, 4}}},
		"Chinese":                  {"失败", false, false, "任务失败", []Range{{2, 4}}},
		"beyond the basic plane":   {"b", false, false, "a😀b", []Range{{3, 4}}},
		"no expression":            {"a.c", false, false, "abc a.c", []Range{{4, 7}}},
		"no expression, any case":  {"S.", false, true, "sx s.", []Range{{3, 5}}},
		"an expression":            {"a.c", true, false, "abc a.c", []Range{{0, 3}, {4, 7}}},
		"an expression, any case":  {"A.c|x", true, true, "abC X", []Range{{0, 3}, {4, 5}}},
		"the beginning only":       {"^a", true, false, "aaa", []Range{{0, 1}}},
		"empty matches":            {"b*", true, false, "abba", []Range{{1, 3}}},
		"overlapping":              {"aa", false, false, "aaaa", []Range{{0, 2}, {2, 4}}},
		"a text that is too short": {"abc", false, true, "AB", []Range{}},
	} {
		m, err := newMatcher(c.text, c.expression, c.ignoreCase)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.ranges(c.message); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if len(c.want) > 0 != m.matches([]byte(c.message)) {
			t.Errorf("%s: matches is %t", name, len(c.want) == 0)
		}
	}
	if _, err := newMatcher("a(", true, false); err == nil {
		t.Error("an expression that is none is taken")
	}
	m, _ := newMatcher("a", false, false)
	if got := m.ranges(strings.Repeat("a", 1000)); len(got) != maxRanges {
		t.Errorf("%d places", len(got))
	}
}

// A search without regard to case finds what an expression finds, and each range is in the message.
func FuzzMatcher(f *testing.F) {
	f.Add("ab", "xAByab", true)
	f.Add("k", "\u212aK", true)
	f.Add("失", "任务失败", false)
	f.Add("\xff", "a\xffb", true)
	f.Fuzz(func(t *testing.T, text, message string, ignoreCase bool) {
		if text == "" || strings.ToValidUTF8(text, "") != text || strings.ToValidUTF8(message, "") != message {
			return
		}
		m, err := newMatcher(text, false, ignoreCase)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		same := regexp.QuoteMeta(text)
		if ignoreCase {
			same = "(?i)" + same
		}
		want := regexp.MustCompile(same).FindAllStringIndex(message, maxRanges)
		got, units := m.ranges(message), utf16.Encode([]rune(message))
		if len(got) != len(want) {
			t.Fatalf("%q in %q: %v, want %v", text, message, got, want)
		}
		for i, r := range got {
			if part := string(utf16.Decode(units[r.Start:r.End])); part != message[want[i][0]:want[i][1]] {
				t.Errorf("%q in %q at %v: %q", text, message, r, part)
			}
		}
	})
}
