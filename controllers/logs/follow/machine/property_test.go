// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// check compares the delivered lines with the printed ones.
func (w *world) check(missing string) {
	if missing != "" {
		w.gapsAt[len(w.got)] = true
	}
	next := 0
	for i, l := range w.got {
		from := next
		for next < len(w.printed) && !sameLine(w.printed[next], l) {
			next++
		}
		if next == len(w.printed) {
			w.t.Fatalf("line %d of %d, %s %.20q with %d bytes, was handed on twice, out of order, or was never printed", i, len(w.got), l.at, l.text, len(l.text))
		}
		if missing := wholeLines(w.printed[from:next]); missing > 0 && !w.gapsAt[i] {
			w.t.Fatalf("%d lines are missing before line %d, and there is no gap", missing, i)
		}
		if w.printed[next].text != l.text && !w.gapsAt[i+1] {
			w.t.Fatalf("line %d was cut after %d bytes of %d, and there is no gap", i, len(l.text), len(w.printed[next].text))
		}
		next++
	}
	if missing := wholeLines(w.printed[next:]); missing > 0 && !w.gapsAt[len(w.got)] {
		w.t.Fatalf("the last %d lines are missing, and there is no gap", missing)
	}
}

// wholeLines counts lines that are not the rest of another line.
func wholeLines(lines []printed) (n int) {
	for _, l := range lines {
		if !l.part {
			n++
		}
	}
	return n
}

// sameLine reports whether a delivered line is a printed one, possibly torn or cut. Each line has its number.
func sameLine(p, got printed) bool {
	return p.at.Equal(got.at) && (strings.HasPrefix(p.text, got.text) || strings.HasPrefix(p.torn, got.text))
}

func newWorld(t *rapid.T, rotations int) *world {
	return &world{
		t: t, now: noon, quietSince: noon, budget: rapid.IntRange(1, 60).Draw(t, "budget"), rotations: rotations,
		skew: time.Duration(rapid.IntRange(-3000, 3000).Draw(t, "skew")) * time.Millisecond,
		m:    &Machine{}, newest: -1, gapsAt: map[int]bool{},
	}
}

// Whatever happens, each line is delivered once and in order. A gap is recorded wherever lines are missing, and the
// reading ends.
func TestNothingIsLostWithoutAGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, rapid.IntRange(0, 5).Draw(t, "rotations"))
		w.check(w.run())
	})
}

// While no file is rotated and the pod exists, nothing is missing, and there is no gap.
func TestNoGapWithoutARotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, 0)
		missing := w.run()
		w.check(missing)
		if !w.podGone && (missing != "" || len(w.gapsAt) > 0) {
			t.Fatalf("gaps at %v, missing %q", w.gapsAt, missing)
		}
	})
}

// Whatever the answers are, the machine goes on. Only the last action of a step has an answer.
func TestAnyAnswers(t *testing.T) {
	answers := map[ActionKind][]EventKind{
		Wait: {Waited}, TakeTurn: {TurnTaken}, LookUp: {LookedUp}, Connect: {Connected, Refused}, ReadLine: {LineRead},
		ReadPiece: {PieceRead}, Search: {Searched}, Disconnect: {Disconnected},
	}
	rapid.Check(t, func(t *rapid.T) {
		m := &Machine{}
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		moment := func(name string) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(-100, 100_000).Draw(t, name)) * time.Millisecond)
		}
		actions := m.Begin(Log{FileSize: 1 << 10, StartedAt: noon}, flag("ended"))
		for range 200 {
			for i := range actions {
				if asked := actions[i].Kind >= Wait; asked != (i == len(actions)-1) {
					t.Fatalf("action %d of %s", i, told(actions))
				}
			}
			last := actions[len(actions)-1].Kind
			if last == Finish {
				return
			}
			e := Event{
				Kind: rapid.SampledFrom(answers[last]).Draw(t, "kind"), Now: moment("now"), Ended: flag("ended"), PodGone: flag("gone"),
				Hash: uint64(rapid.IntRange(0, 2).Draw(t, "hash")), Text: make([]byte, rapid.SampledFrom([]int{0, 1, fastFlow, LongLine}).Draw(t, "length")),
				Whole: flag("whole"), New: flag("new"), FileSkipped: flag("file skipped"), Found: flag("found"), Interrupted: flag("interrupted"),
				Left: flag("left"), End: End(rapid.IntRange(int(GoesOn), int(Again)).Draw(t, "end")),
			}
			e.More = last == ReadLine && !e.Whole && flag("more")
			if e.More {
				e.End = GoesOn
			}
			if flag("stamped") {
				e.At = moment("at")
			}
			if flag("finished") {
				e.FinishedAt = moment("finished at")
			}
			actions = m.Step(e)
		}
	})
}
