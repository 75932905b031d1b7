// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// session reads a log as a server serves it: in the order of the file, from the first line in the file on, without
// lines older than requested. No two lines are equal.
type session struct {
	log    []printed
	window Window
	// read is the number of lines read so far; begin is the first line that was not rotated away.
	read, begin int
}

// connect reads length lines over a new connection. It returns an error for the first line that was lost or repeated.
func (s *session) connect(length int) error {
	last := s.read - 1
	s.read = max(s.read, s.begin) // those before are out of reach
	s.window.Resume()
	replayed := last < 0 || s.window.Replayed() // no line was accepted, and some were skipped
	since := s.window.Since()
	for i := s.begin; i < len(s.log) && length > 0; i++ {
		l := s.log[i]
		if l.at.Before(since) {
			if i >= s.read {
				return fmt.Errorf("line %d was lost: asked for what is since %s", i, since.Sub(noon))
			}
			continue
		}
		length--
		replayed = replayed || i == last
		switch fresh := s.window.Accept(l.at, s.window.Hash([]byte(l.text))); {
		case fresh && i < s.read:
			return fmt.Errorf("line %d was repeated, of %d that were read", i, s.read)
		case !fresh && i >= s.read:
			return fmt.Errorf("line %d was lost, after %d that were read", i, s.read)
		case fresh:
			s.read++
		}
	}
	if s.window.Replayed() != replayed {
		return fmt.Errorf("line %d has come again: %v, says the window", last, s.window.Replayed())
	}
	return nil
}

// disorderly returns a log with a line at each step, stamped early by up to slack. No two lines are equal.
func disorderly(random *rand.Rand, lines int, step time.Duration) []printed {
	log := make([]printed, lines)
	for i := range log {
		early := time.Duration(random.IntN(int(slack))) * time.Duration(random.IntN(2))
		log[i] = printed{noon.Add(time.Duration(i)*step - early), fmt.Sprint(i)}
	}
	return log
}

func TestManyResumes(t *testing.T) {
	for name, c := range map[string]struct {
		seeds, lines, longest int
		step                  time.Duration
		rotates               bool
		// back is how far the clock is set back in the middle.
		back time.Duration
	}{
		"few lines a second":                    {100, 200, 60, 40 * time.Millisecond, false, 0},
		"few, rotated":                          {100, 200, 60, 40 * time.Millisecond, true, 0},
		"more in a second than are remembered":  {4, 5 * maxSeen, 3 * maxSeen, 5 * time.Second / (10 * maxSeen), false, 0},
		"more, rotated":                         {8, 5 * maxSeen, 3 * maxSeen, 5 * time.Second / (10 * maxSeen), true, 0},
		"the clock is set back":                 {100, 300, 200, 40 * time.Millisecond, false, 5 * time.Second},
		"the clock is set back by part of that": {100, 300, 200, 40 * time.Millisecond, false, 700 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range c.seeds {
				random := rand.New(rand.NewPCG(uint64(seed), 3))
				s := session{log: disorderly(random, c.lines, c.step)}
				for i := c.lines / 2; i < c.lines; i++ {
					s.log[i].at = s.log[i].at.Add(-c.back)
				}
				for n := 0; s.read < c.lines; n++ {
					length := 1 + random.IntN(c.longest) + n // at last long enough for the whole log
					if n == 0 && c.back > 0 {
						length = c.lines/2 + 20 // a later read would not get the lines after the clock was set back
					}
					if c.rotates && random.IntN(3) == 0 {
						s.begin = min(c.lines-1, s.begin+random.IntN(max(1, s.read-s.begin+10)))
					}
					if err := s.connect(length); err != nil {
						t.Fatalf("seed %d, connection %d: %v", seed, n, err)
					}
				}
			}
		})
	}
}

// A window that knows only the last second, as after a restart from an archive, gets lines from before it.
func TestResumeWithTheEndOfWhatWasRead(t *testing.T) {
	for _, newest := range []time.Duration{1010, 1050, 1200, 1950} {
		log := []printed{}
		for at := time.Duration(0); at <= newest; at += 10 {
			log = append(log, printed{noon.Add(at * time.Millisecond), fmt.Sprint(at)})
		}
		s := session{log: log, read: len(log)}
		for _, l := range log {
			if !l.at.Before(log[len(log)-1].at.Truncate(time.Second)) {
				s.window.Accept(l.at, s.window.Hash([]byte(l.text)))
			}
		}
		s.log = append(s.log, printed{s.log[len(s.log)-1].at.Add(-slack / 2), "late"}, printed{noon.Add(time.Minute), "next"})
		if err := s.connect(len(s.log)); err != nil {
			t.Errorf("after %d ms: %v", newest, err)
		}
		if !s.window.Replayed() || s.read != len(s.log) {
			t.Errorf("after %d ms: %d read of %d", newest, s.read, len(s.log))
		}
	}
}

// FuzzRotated takes a byte for each line (the time since the line before, and how early it is stamped) and two for each
// connection (how many lines it brings, and how many were rotated away before it).
func FuzzRotated(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 4}, []byte{3, 0, 200, 4})
	f.Add([]byte{255, 255, 255, 131, 0, 0, 131, 255}, []byte{2, 0, 2, 1, 6, 0, 1, 3})
	f.Add([]byte("\x02\x00\x02\x00\x00\x06\x03\xff"), []byte("\x02\x00\x02\x00\x00\x06\x03")) // the new file begins with an earlier stamp
	f.Fuzz(func(t *testing.T, lines, connections []byte) {
		at, s := noon, session{log: make([]printed, len(lines))}
		for i, b := range lines {
			at = at.Add(time.Duration(b>>2) * 10 * time.Millisecond)
			s.log[i] = printed{at.Add(-time.Duration(b&3) * slack / 4), fmt.Sprint(i)}
		}
		for ; len(connections) > 1; connections = connections[2:] {
			s.begin = min(len(lines), s.begin+int(connections[1]))
			if err := s.connect(int(connections[0])); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.connect(len(lines)); err != nil || s.read != len(lines) {
			t.Fatalf("%d lines read of %d: %v", s.read, len(lines), err)
		}
	})
}
