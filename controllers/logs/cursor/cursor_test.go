package cursor

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

type printed struct {
	at   time.Time
	text string
}

// read gives the lines that the cursor takes for new out of one read.
func read(c *Cursor, lines ...printed) (fresh []string) {
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
			var c Cursor
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

func TestIdenticalLinesInOneInstantAreCounted(t *testing.T) {
	const n = 500
	var c Cursor
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
	var c Cursor
	read(&c, printed{noon, "a"}, printed{noon.Add(1), "b"})
	c.Resume()
	// The file that had "a" is gone: a count of lines to skip would now skip "c".
	got := read(&c, printed{noon.Add(1), "b"}, printed{noon.Add(2), "c"})
	if fmt.Sprint(got) != "[c]" {
		t.Fatalf("got %q, want only c", got)
	}
}

func TestMemoryIsBoundedWithinASecond(t *testing.T) {
	var c Cursor
	for i := range 3 * maxSeen {
		if !c.Accept(noon.Add(time.Duration(i)), uint64(i)) {
			t.Fatalf("line %d was lost", i)
		}
	}
	if len(c.seen) > maxSeen {
		t.Fatalf("%d lines remembered, bound %d", len(c.seen), maxSeen)
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
