// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

type printed struct {
	at   time.Time
	text string
}

// read returns the lines of one read that the window accepts as new.
func read(c *Window, lines ...printed) (fresh []string) {
	for _, l := range lines {
		if c.Accept(l.at, c.Hash([]byte(l.text))) {
			fresh = append(fresh, l.text)
		}
	}
	return fresh
}

func TestResumeRepeatsNothingAndLosesNothing(t *testing.T) {
	ms := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }
	log := []printed{
		{ms(-500), "before"},
		{ms(0), "same"},
		{ms(0), "same"},
		{ms(0), "same"},
		{ms(10), "other"},
		{ms(900), "late"},
		{ms(900), "same"},
		{ms(1100), "next second"},
	}
	for cut := 0; cut <= len(log); cut++ {
		t.Run(fmt.Sprintf("cut after %d", cut), func(t *testing.T) {
			var c Window
			got := read(&c, log[:cut]...)
			since := c.Since()
			c.Resume()
			for _, l := range log {
				if l.at.Before(since) {
					continue
				}
				got = append(got, read(&c, l)...)
			}
			if len(got) != len(log) {
				t.Fatalf("read %d lines, printed %d: %q", len(got), len(log), got)
			}
		})
	}
}

func TestCase12IdenticalLinesInOneInstantAreCounted(t *testing.T) {
	const n = 500
	var c Window
	for i := range 200 {
		if !c.Accept(noon, 7) {
			t.Fatalf("line %d taken for a repetition in the first read", i)
		}
	}
	c.Resume()
	fresh := 0
	for range n {
		if c.Accept(noon, 7) {
			fresh++
		}
	}
	if fresh != n-200 {
		t.Fatalf("%d fresh lines after the reconnect, want %d", fresh, n-200)
	}
}

func TestRotationThatCutsTheSecondLosesNoNewLine(t *testing.T) {
	var c Window
	read(&c, printed{noon, "a"}, printed{noon.Add(1), "b"})
	c.Resume()
	// The file with "a" is gone. Skipping a fixed number of lines would now skip "c".
	got := read(&c, printed{noon.Add(1), "b"}, printed{noon.Add(2), "c"})
	if fmt.Sprint(got) != "[c]" {
		t.Fatalf("got %q, want only c", got)
	}
}

func TestMemoryIsBoundedWithinASecond(t *testing.T) {
	var c Window
	for i := range 3 * maxSeen {
		if !c.Accept(noon.Add(time.Duration(i)), uint64(i)) {
			t.Fatalf("line %d was lost", i)
		}
	}
	if len(c.recent) > maxSeen || cap(c.recent) > 3*maxSeen {
		t.Fatalf("%d lines remembered in the room of %d, bound %d", len(c.recent), cap(c.recent), maxSeen)
	}
	c.Resume()
	repeated := 0
	for i := range 3 * maxSeen {
		if c.Accept(noon.Add(time.Duration(i)), uint64(i)) {
			repeated++
		}
	}
	if repeated != 0 {
		t.Fatalf("%d lines repeated after a resume", repeated)
	}
}

func TestReplayed(t *testing.T) {
	a, b, next := printed{noon, "a"}, printed{noon.Add(1), "b"}, printed{noon.Add(time.Minute), "next"}
	for name, c := range map[string]struct {
		before, after []printed
		want          bool
	}{
		"nothing was read":                        {nil, nil, true},
		"nothing was read, and now there is some": {nil, []printed{a}, true},
		"nothing comes":                           {[]printed{a, b}, nil, false},
		"the last line comes again":               {[]printed{a, b}, []printed{a, b, next}, true},
		"only the line before it does":            {[]printed{a, b}, []printed{a}, false},
		"only later lines come":                   {[]printed{a, b}, []printed{next}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var window Window
			read(&window, c.before...)
			window.Resume()
			read(&window, c.after...)
			if got := window.Replayed(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// resumed reads a log over connections that each end after some lines. The log comes as a server serves it: in the
// order of the file, without lines older than requested. It returns how often each line was accepted as new.
func resumed(log []printed, lengths func() int) (fresh []int) {
	var c Window
	fresh = make([]int, len(log))
	for read := 0; read < len(log); {
		c.Resume()
		left, since, at := lengths(), c.Since(), 0
		for at < len(log) && left > 0 {
			if l := log[at]; !l.at.Before(since) {
				left--
				if c.Accept(l.at, c.Hash([]byte(l.text))) {
					// Equal lines are interchangeable: count the first one that was not read yet.
					i := at
					for j := range log {
						if log[j] == l && fresh[j] == 0 {
							i = j
							break
						}
					}
					fresh[i]++
				}
			}
			at++
		}
		if read = at; left > 0 {
			break // to the end
		}
	}
	return fresh
}

// Timestamps that are slightly out of order, even across a second's boundary, cause no lost or repeated lines.
func TestDisorderLosesAndRepeatsNothing(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		log := make([]printed, 120)
		for i := range log {
			disorder := time.Duration(random.IntN(int(slack))) * time.Duration(random.IntN(2))
			log[i] = printed{noon.Add(time.Duration(i)*31*time.Millisecond - disorder), fmt.Sprint(random.IntN(3))}
			if i > 0 && random.IntN(4) == 0 {
				log[i] = log[i-1]
			}
		}
		for i, n := range resumed(log, func() int { return 1 + random.IntN(90) }) {
			if n != 1 {
				t.Fatalf("seed %d: line %d of %s was taken for new %d times", seed, i, log[i].at.Sub(noon), n)
			}
		}
	}
}

func FuzzResume(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 4}, []byte{3, 200})
	f.Fuzz(func(t *testing.T, lines, cuts []byte) {
		at, log := noon, make([]printed, len(lines))
		for i, b := range lines {
			at = at.Add(time.Duration(b>>3) * 20 * time.Millisecond)
			log[i] = printed{at.Add(-time.Duration(b&4) * 20 * time.Millisecond), fmt.Sprint(b & 3)}
		}
		next := 0
		for i, n := range resumed(log, func() int {
			if next++; next > len(cuts) {
				return len(lines) + 1
			}
			return 1 + int(cuts[next-1])
		}) {
			if n != 1 {
				t.Fatalf("line %d was taken for new %d times", i, n)
			}
		}
	})
}

// A line without a newline is a part of a line that was read before only while the last line has not come again.
func TestIsCut(t *testing.T) {
	w := &Window{}
	part := func(second int, text string) bool {
		return w.IsCut(noon.Add(time.Duration(second)*time.Second), []byte(text), w.Hash([]byte(text)))
	}
	accept := func(second int, text string) bool {
		return w.Accept(noon.Add(time.Duration(second)*time.Second), w.Hash([]byte(text)))
	}
	if part(0, "a") {
		t.Error("nothing was read before")
	}
	accept(0, "first")
	accept(1, "last")
	w.Resume()
	for name, c := range map[string]struct {
		second int
		text   string
		want   bool
	}{
		"a part of the last line": {1, "la", true}, "of an earlier one": {0, "fi", true}, "the last line itself, without its newline": {1, "last", false},
		"a later line": {2, "la", false},
	} {
		if got := part(c.second, c.text); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !w.Knows(noon.Add(time.Second), w.Hash([]byte("last"))) || w.Knows(noon.Add(time.Second), w.Hash([]byte("new"))) {
		t.Error("a line is known that was not read, or the other way round")
	}
	if accept(1, "last") {
		t.Error("the last line counts as new")
	}
	if part(1, "la") {
		t.Error("the last line has come again, so that a new one may follow")
	}
}
