// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"
)

func TestEscapeSequences(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"colour":                    {"\x1b[31mERROR\x1b[0m: red", "ERROR: red"},
		"parameters":                {"\x1b[38;2;1;2;3m\x1b[?25l\x1b[2Jx", "x"},
		"C1 control sequence":       {"\u009b31mred", "red"},
		"control sequence, no end":  {"a\x1b[31", "a"},
		"control sequence, broken":  {"\x1b[3\x1b[0mx\x1b[同", "x同"},
		"window title, BEL":         {"\x1b]0;evil\x07text", "text"},
		"window title, ST":          {"\x1b]0;evil\x1b\\text", "text"},
		"window title, C1":          {"\u009d0;evil\u009ctext", "text"},
		"link":                      {"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\!", "link!"},
		"window title without end":  {"\x1b]0;evil text", "0;evil text"},
		"window title cut by ESC":   {"\x1b]0;evil\x1b[0mtext", "0;eviltext"},
		"DCS, SOS, PM, APC":         {"\x1bPa\x1b\\\x1bXb\x1b\\\x1b^c\x1b\\\x1b_d\x1b\\x", "x"},
		"character set":             {"\x1b(Bx\x1b#8y\x1b$(Cz", "xyz"},
		"character set, no end":     {"\x1b(", ""},
		"character set before rune": {"\x1b(同", "同"},
		"two bytes":                 {"\x1b7x\x1b8\x1bcy\x1b=", "xy"},
		"twice ESC":                 {"\x1b\x1b[31mred", "red"},
		"ESC before a tab":          {"\x1b\tx", "\tx"},
		"ESC before a rune":         {"\x1b同", "同"},
		"ESC at the end":            {"x\x1b", "x"},
		"what removal would join":   {"\x1b\x1b[0m[31mred", "[31mred"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := sanitize(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Quadratic cost would take minutes here.
func TestCostIsLinear(t *testing.T) {
	for _, piece := range []string{
		"\x1b]", "\x1b[", "\x1b", "\u009d", "\x1bP\xc2", "\xff", "\u2028", `"`, `\`, "{", "[", `{"a":`, `a=`, `a="`, `a=1 `, `a="\`, "1:1 ", "[1] ",
	} {
		line := []byte(strings.Repeat(piece, (1<<20)/len(piece)))
		checkEntry(t, Line(noon, line, 0))
		checkEntry(t, Line(noon, append([]byte(`{"msg":"`), line...), 1))
		checkEntry(t, Line(noon, append([]byte(`level=info msg=`), line...), 0))
	}
}
