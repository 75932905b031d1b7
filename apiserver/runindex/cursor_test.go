// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"strings"
	"testing"
)

func TestCursor(t *testing.T) {
	for _, c := range []Cursor{
		{Position{0, "a"}, false},
		{Position{1764068700, "550e8400-e29b-41d4-a716-446655440000"}, true},
		{Position{maxCreated, strings.Repeat("a", 253)}, false},
	} {
		got, err := ParseCursor(c.String())
		if err != nil || got != c {
			t.Errorf("%+v came back as %+v, %v", c, got, err)
		}
	}
}

// notCursors are invalid. Each is a small change of the valid cursor MW41OmE.
var notCursors = map[string]string{
	"empty":              "",
	"plain":              "1n5:a",
	"no version":         "bjU6YQ",                 // n5:a
	"another version":    "Mm41OmE",                // 2n5:a
	"another order":      "MXg1OmE",                // 1x5:a
	"no name":            "MW41Og",                 // 1n5:
	"no time":            "MW46YQ",                 // 1n:a
	"a time before 1970": "MW4tNTph",               // 1n-5:a
	"a time with zeros":  "MW4wNTph",               // 1n05:a
	"a time too late":    "MW4yNTM0MDIzMDA4MDA6YQ", // 1n253402300800:a
	"no one's name":      "MW41OkE",                // 1n5:A
	"with padding":       "MW41OmE=",               // 1n5:a
	"with other bits":    "MW41OmF",                // 1n5:a and two bits
	"too long":           strings.Repeat("MW41", 200),
	"with a line break":  "MW41\nOmE",
}

func TestNotACursor(t *testing.T) {
	if c, err := ParseCursor("MW41OmE"); err != nil || c != (Cursor{After: Position{5, "a"}}) {
		t.Fatalf("the valid one: %+v %v", c, err)
	}
	for name, s := range notCursors {
		if c, err := ParseCursor(s); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// ParseCursor accepts only texts that String returns.
func FuzzCursor(f *testing.F) {
	f.Add(Cursor{Position{5, "a"}, false}.String())
	f.Add(Cursor{Position{1764068700, "nightly-1"}, true}.String())
	for _, s := range notCursors {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCursor(s); err == nil && c.String() != s {
			t.Errorf("%q is read as %+v, which is %q", s, c, c)
		}
	})
}
