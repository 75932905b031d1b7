// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"testing"
	"time"
)

func TestFlushes(t *testing.T) {
	const least, most = time.Second, 3 * time.Second
	fresh := func(*Flushes) {}
	written := func(f *Flushes) { f.Written(at(10), 5, 100) }
	for name, c := range map[string]struct {
		before func(f *Flushes)
		second float64
		lines  int64
		wait   time.Duration
		needed bool
	}{
		"nothing was printed":                 {fresh, 10, 0, 0, false},
		"the first line waits":                {fresh, 10, 1, least, true},
		"nothing new since the last write":    {written, 11, 5, 0, false},
		"new lines wait for the interval":     {written, 10.4, 6, 600 * time.Millisecond, true},
		"the interval is over":                {written, 12, 6, 0, true},
		"a write that is due is not arranged": {func(f *Flushes) { written(f); f.Granted() }, 12, 6, 0, false},
		"the interval grows with each write":  {func(f *Flushes) { f.Granted(); f.Written(at(10), 5, 100) }, 10, 6, 1500 * time.Millisecond, true},
		"up to a bound": {func(f *Flushes) {
			for range 9 {
				f.Granted()
				f.Written(at(10), 5, 100)
			}
		}, 10, 6, most, true},
		"and starts again after a pause": {func(f *Flushes) {
			f.Granted()
			f.Written(at(10), 5, 100)
		}, 17, 6, 0, true},
		"a change of phase does not make it grow": {func(f *Flushes) { written(f); written(f) }, 10, 6, least, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := NewFlushes(least, most)
			c.before(&f)
			if wait, needed := f.Next(at(c.second), c.lines); wait != c.wait || needed != c.needed {
				t.Errorf("got %s, %v; want %s, %v", wait, needed, c.wait, c.needed)
			}
		})
	}
}

func TestRemindersOfAWriteThatIsDue(t *testing.T) {
	f := NewFlushes(time.Second, 3*time.Second)
	if _, needed := f.Remind(); needed {
		t.Error("nothing is due")
	}
	f.Granted()
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if wait, needed := f.Remind(); !needed || wait != want*time.Second {
			t.Errorf("reminder %d after %s, want %d s", i, wait, want)
		}
	}
	if !f.Written(at(1), 1, 10) || f.Due() {
		t.Error("the write was due, and is not any more")
	}
	f.Granted()
	if wait, _ := f.Remind(); wait != 1500*time.Millisecond {
		t.Errorf("after a write that was made, the next reminder waits %s", wait)
	}
}

func TestBytesOfTheNextWrite(t *testing.T) {
	f := NewFlushes(time.Second, time.Second)
	f.Written(at(1), 1, 100)
	if small, large := f.Bytes(10), f.Bytes(1000); small != 100 || large != 1000 {
		t.Errorf("%d and %d bytes", small, large)
	}
}
