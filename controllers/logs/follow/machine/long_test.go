// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"strings"
	"testing"
)

// A long line is delivered once, wherever its connections break.
func TestLongLineComesAgain(t *testing.T) {
	reconnect := []Event{{Kind: Disconnected}, {Kind: Waited}, {Kind: TurnTaken}, {Kind: Connected}}
	cutAfter := func(text string) []Event {
		return append([]Event{begins(1, "head", false), piece(text, false, Broken)}, reconnect...)
	}
	for name, c := range map[string]struct {
		before []Event
		last   Event
		want   string
	}{
		"goes on":                         {[]Event{begins(1, "head", false)}, piece("more", false, GoesOn), "ContinueLine(more, …) ReadPiece"},
		"ends":                            {[]Event{begins(1, "head", false)}, piece("more", true, GoesOn), "ContinueLine(more) ReadLine"},
		"is cut":                          {[]Event{begins(1, "head", false)}, piece("mo", false, Broken), "ContinueLine(mo, …) Disconnect"},
		"comes again":                     {cutAfter("more"), begins(1, "head", true), "ReadPiece"},
		"skips what was delivered":        {append(cutAfter("more"), begins(1, "head", true)), piece("mo", false, GoesOn), "ReadPiece"},
		"goes on where it was cut":        {append(cutAfter("more"), begins(1, "head", true)), piece("more and", false, GoesOn), "ContinueLine( and, …) ReadPiece"},
		"ends where it was cut":           {append(cutAfter("more"), begins(1, "head", true)), piece("more", true, GoesOn), "ContinueLine ReadLine"},
		"is cut before that":              {append(cutAfter("more"), begins(1, "head", true)), piece("mo", false, Broken), "Disconnect"},
		"is another line":                 {append(cutAfter("more"), begins(1, "head", true)), piece("mood", false, GoesOn), "ContinueLine Gap ReadLine"},
		"is another, shorter line":        {append(cutAfter("more"), begins(1, "head", true)), piece("mo", true, GoesOn), "ContinueLine Gap ReadLine"},
		"was read before":                 {[]Event{begins(1, "head", true)}, piece("more", false, GoesOn), "ReadPiece"},
		"was read before, to its end":     {[]Event{begins(1, "head", true)}, piece("more", true, GoesOn), "ReadLine"},
		"was read before, and is cut":     {[]Event{begins(1, "head", true)}, piece("more", false, Closed), "Disconnect"},
		"does not come again":             {cutAfter("more"), line(2, "next"), "ContinueLine Gap BeginLine(next) ReadLine"},
		"is no other with the same stamp": {cutAfter("more"), begins(1, "other", false), "ContinueLine Gap BeginLine(other, …) ReadPiece"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := play(following(c.before...), c.last); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A very long line has no timestamps within it. A look-up tells whether the file was rotated since the line began.
func TestVeryLongLine(t *testing.T) {
	for name, c := range map[string]struct {
		length int
		answer Event
		want   string
	}{
		"not so long":           {LongLine - 1, Event{}, "ReadLine"},
		"not rotated":           {LongLine, Event{Kind: LookedUp, At: at(0)}, "ReadLine"},
		"it begins the file":    {LongLine, Event{Kind: LookedUp, At: at(1)}, "ReadLine"},
		"rotated within it":     {LongLine, Event{Kind: LookedUp, At: at(2)}, "Gap ReadLine"},
		"not known":             {LongLine, Event{Kind: LookedUp}, "Gap ReadLine"},
		"nobody could be asked": {LongLine, Event{Kind: LookedUp, Interrupted: true}, "Disconnect"},
	} {
		t.Run(name, func(t *testing.T) {
			m := following(begins(1, "head", false))
			got := play(m, piece(strings.Repeat("x", c.length-len("head")), true, GoesOn))
			if c.length >= LongLine {
				if !strings.HasSuffix(got, " LookUp") {
					t.Fatalf("it was not looked up: %s", got)
				}
				got = play(m, c.answer)
			}
			if !strings.HasSuffix(got, c.want) || strings.Contains(got, "Gap") != strings.Contains(c.want, "Gap") {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A very long line with whose end the connection was left is judged before the next connection.
func TestVeryLongLineAtTheEndOfAConnection(t *testing.T) {
	for name, c := range map[string]struct {
		begins float64
		want   string
	}{
		"not rotated": {1, "Connect(follow)"},
		"rotated":     {1.5, "Gap Connect(follow)"},
	} {
		m := following(begins(1, "head", false), piece(strings.Repeat("x", LongLine), true, GoesOn), Event{Kind: LookedUp, Interrupted: true},
			Event{Kind: Disconnected, Left: true, Renewed: true}, Event{Kind: Waited})
		if got := play(m, Event{Kind: TurnTaken}); got != "LookUp" {
			t.Fatalf("%s: got %s", name, got)
		}
		if got := play(m, Event{Kind: LookedUp, At: at(c.begins)}); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// A read that ends before the place where a long line was cut is not the end of the log.
func TestLongLineIsCutEarlier(t *testing.T) {
	m := following(begins(1, "head", false), piece("more", false, Closed), Event{Kind: Disconnected})
	read := func(text string) string {
		play(m, Event{Kind: Waited, Ended: true}, Event{Kind: TurnTaken}, Event{Kind: Connected}, begins(1, "head", true), piece(text, false, Closed))
		return play(m, Event{Kind: Disconnected})
	}
	if got := read("mo"); got != "Wait" {
		t.Errorf("got %s", got)
	}
	if got := read("more"); got != "CutLine Finish" {
		t.Errorf("the whole line: %s", got)
	}
}

// A long line without a newline ends with the log.
func TestLongLineEndsWithTheLog(t *testing.T) {
	m := following(begins(1, "head", false), piece("more", false, Closed), Event{Kind: Disconnected})
	play(m, Event{Kind: Waited, Ended: true}, Event{Kind: TurnTaken}, Event{Kind: Connected}, begins(1, "head", true), piece("more", false, Closed))
	if got := play(m, Event{Kind: Disconnected}); got != "CutLine Finish" {
		t.Errorf("got %s", got)
	}
}
