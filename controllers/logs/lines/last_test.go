// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lines

import (
	"fmt"
	"strings"
	"testing"
)

func TestCase33LongProgressBarIsHeldByItsLastState(t *testing.T) {
	long := strings.Repeat("x", MaxHead)
	for name, c := range map[string]struct {
		pieces []string
		text   string
		cut    int64
	}{
		"nothing":                           {nil, "", 0},
		"one piece":                         {[]string{"abc"}, "abc", 0},
		"pieces":                            {[]string{"abc", "def"}, "abcdef", 0},
		"more than is held":                 {[]string{long, "abc"}, long, 3},
		"written over":                      {[]string{"10%\r20%"}, "20%", 0},
		"in another piece":                  {[]string{"10%", "\r20%"}, "20%", 0},
		"at the end of a piece":             {[]string{"10%\r", "20%"}, "20%", 0},
		"and then blanks":                   {[]string{"10%\r", "  ", "20%"}, "20%", 0},
		"wiped at the end":                  {[]string{"10%\r20%\r\x1b[K", ""}, "20%\r\x1b[K", 0},
		"wiped, in pieces":                  {[]string{"10%\r20%\r", "\x1b[K\r", " \r"}, "20%\r\x1b[K\r \r", 0},
		"wiped before the next":             {[]string{"10%\r\x1b[K", "20%"}, "20%", 0},
		"after more than is held":           {[]string{long, "abc", "def\r20%", "!"}, "20%!", 0},
		"a return after more than is held":  {[]string{long, "abc\r", "20%"}, "20%", 0},
		"a last state that is long itself":  {[]string{"10%\r" + long, "abc"}, long, 3},
		"a return and no more":              {[]string{long, "abc\r"}, long, 4},
		"a line of Windows":                 {[]string{"abc\r"}, "abc\r", 0},
		"goes on after its state has begun": {[]string{"10%\r20%", " of 7"}, "20% of 7", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l Last
			for _, piece := range c.pieces {
				memory := []byte(piece)
				l.Add(memory)
				clear(memory) // the reader reuses the memory for the next piece
			}
			if string(l.Text) != c.text || l.Cut != c.cut {
				t.Errorf("%.40q and %d bytes, want %.40q and %d", l.Text, l.Cut, c.text, c.cut)
			}
		})
	}
}

// The state of a line depends neither on its pieces nor on its length.
func TestLastStateDoesNotDependOnThePieces(t *testing.T) {
	var line strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&line, "\r\x1b[K%5.1f%% |%s|", float64(i)/200, strings.Repeat("#", i/1000))
	}
	want := line.String()[strings.LastIndex(line.String(), "\r")+1:]
	for size := 1; size < line.Len(); size = size*3 + 1 {
		var l Last
		for rest := line.String(); rest != ""; rest = rest[min(size, len(rest)):] {
			l.Add([]byte(rest[:min(size, len(rest))]))
		}
		if got := string(l.Text); strings.TrimPrefix(got, "\x1b[K") != strings.TrimPrefix(want, "\x1b[K") || l.Cut != 0 {
			t.Errorf("in pieces of %d bytes it ends on %.60q, want %q", size, got, want)
		}
		if cap(l.Text) > 4*MaxHead {
			t.Errorf("in pieces of %d bytes it holds %d", size, cap(l.Text))
		}
	}
	var wiped Last
	wiped.Add([]byte("x" + strings.Repeat("\r \x1b[K", 10000)))
	if !strings.HasPrefix(string(wiped.Text), "x\r") {
		t.Errorf("a line that was wiped ten thousand times is %.20q", wiped.Text)
	}
}

func FuzzLast(f *testing.F) {
	f.Add([]byte("10%\r20%\r"), 3)
	f.Add([]byte("\r\x1b[K\r\n"), 1)
	f.Fuzz(func(t *testing.T, line []byte, size int) {
		size = max(1, size)
		var l Last
		for rest := line; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			l.Add(rest[:min(size, len(rest))])
		}
		if len(l.Text) > MaxHead || int64(len(l.Text))+l.Cut > int64(len(line)) {
			t.Errorf("%d bytes and %d of %d", len(l.Text), l.Cut, len(line))
		}
	})
}
