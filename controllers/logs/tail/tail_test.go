// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package tail

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func line(text string) Line { return Line{Text: []byte(text), Printed: int64(len(text) + 1)} }

// Lines of two concurrent logs are merged by their timestamps, and each log keeps its own order.
func TestLinesOfSeveralLogs(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	at := func(text string, second int) Line {
		l := line(text)
		l.At, l.Order = noon.Add(time.Duration(second)*time.Second), noon.Add(time.Duration(second)*time.Second)
		return l
	}
	tail := New(4, 100)
	for _, l := range []Line{at("main-2", 2), at("main-3", 3), at("init-0", 0), at("init-1", 1)} {
		tail.Append(l)
	}
	if got := messages(tail.Entries()); got != "init-0 init-1 main-2 main-3" {
		t.Errorf("kept %q", got)
	}
	tail.Append(at("init-1b", 1))
	if got := messages(tail.Entries()); got != "init-1 init-1b main-2 main-3" {
		t.Errorf("kept %q", got)
	}
}

func messages(entries []v1alpha1.LogEntry) string {
	var kept []string
	for i := range entries {
		kept = append(kept, entries[i].Message)
	}
	return strings.Join(kept, " ")
}

func TestTail(t *testing.T) {
	for name, tc := range map[string]struct {
		maxEntries int
		maxBytes   int64
		messages   []string
		want       string
		dropped    int64
	}{
		"nothing":                           {3, 100, nil, "", 0},
		"fewer than the budget":             {3, 100, []string{"a", "b"}, "a b", 0},
		"newest entries are kept":           {3, 100, []string{"a", "b", "c", "d", "e"}, "c d e", 2},
		"newest bytes are kept":             {9, 4, []string{"aa", "bb", "cc"}, "bb cc", 1},
		"one large line drops many":         {9, 6, []string{"a", "b", "c", "xxxxxx"}, "xxxxxx", 3},
		"the newest is kept over budget":    {9, 2, []string{"a", "xxxxxx"}, "xxxxxx", 1},
		"what follows a large one drops it": {9, 2, []string{"xxxxxx", "a", "b"}, "a b", 1},
	} {
		t.Run(name, func(t *testing.T) {
			tail := New(tc.maxEntries, tc.maxBytes)
			var printed int64
			for _, m := range tc.messages {
				tail.Append(line(m))
				printed += int64(len(m) + 1)
			}
			if got := messages(tail.Entries()); got != tc.want {
				t.Errorf("kept %q, want %q", got, tc.want)
			}
			got := fmt.Sprint(tail.Lines(), tail.Bytes(), tail.Dropped())
			if want := fmt.Sprint(len(tc.messages), printed, tc.dropped); got != want {
				t.Errorf("lines, bytes, dropped = %s, want %s", got, want)
			}
		})
	}
}

// The tail has the newest lines whenever it is read, as if each line had been parsed when it came.
func TestLookingLaterShowsTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		maxEntries := 1 + random.IntN(20)
		tail := New(maxEntries, 1<<20)
		var all []string
		for i := range random.IntN(100) {
			text := fmt.Sprintf("line-%d%s", i, strings.Repeat("x", random.IntN(3)*1000))
			all = append(all, text)
			tail.Append(line(text))
			if random.IntN(10) > 0 {
				continue
			}
			want := all[max(0, len(all)-maxEntries):]
			if got := messages(tail.Entries()); got != strings.Join(want, " ") {
				t.Fatalf("after %d lines, %d kept: %q, want %q", len(all), maxEntries, got, want)
			}
			if got := tail.Dropped(); got != int64(len(all)-len(want)) {
				t.Fatalf("%d dropped, want %d", got, len(all)-len(want))
			}
		}
	}
}

func TestTextIsCopied(t *testing.T) {
	tail := New(3, 100)
	text := []byte("before")
	tail.Append(Line{Text: text})
	copy(text, "after!")
	if got := messages(tail.Entries()); got != "before" {
		t.Errorf("got %q", got)
	}
}

func TestRestoreGoesOnWhereAnotherEnded(t *testing.T) {
	tail := New(3, 100)
	tail.Restore([]Line{line("y"), line("z")}, 26, 52)
	tail.Append(line("ä"))
	got := fmt.Sprint(messages(tail.Entries()), tail.Lines(), tail.Bytes(), tail.Dropped())
	if want := fmt.Sprint("y z ä", 27, 55, 24); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestShrink(t *testing.T) {
	tail := New(9, 4096)
	for _, c := range "abc" {
		tail.Append(line(strings.Repeat(string(c), 1000)))
	}
	tail.Shrink()
	tail.Append(line("d"))
	if got := len(tail.Entries()); got != 3 {
		t.Errorf("%d entries within half of 4096 bytes", got)
	}
	for range 20 {
		tail.Shrink()
	}
	tail.Append(line("e"))
	if got := messages(tail.Entries()); !strings.HasSuffix(got, "d e") {
		t.Errorf("kept %q", got)
	}
}

func TestTailHoldsNoMoreThanItsBudget(t *testing.T) {
	tail := New(10, 1<<20)
	for i := range 100_000 {
		tail.Append(line("line"))
		if i%7 == 0 {
			tail.Entries()
		}
	}
	if c := max(cap(tail.entries), cap(tail.unread)); c > 64 {
		t.Errorf("room for %d entries is held for 10", c)
	}
	tail = New(1000, 256<<10)
	for range 1000 {
		tail.Append(line(strings.Repeat("x", 32<<10)))
	}
	held := 0
	for i := range tail.unread {
		held += cap(tail.unread[i].Text)
	}
	if held > 2*maxUnread+32<<10 {
		t.Errorf("%d bytes are held unparsed", held)
	}
}

func BenchmarkAppend(b *testing.B) {
	tail := New(100, 16<<10)
	l := line(`{"time":"2026-01-02T12:00:00Z","level":"INFO","msg":"a line of a log","n":12345,"user":"somebody"}`)
	b.SetBytes(l.Printed)
	for i := range b.N {
		tail.Append(l)
		if i%1000 == 0 {
			tail.Entries()
		}
	}
}

// An entry has the index of its pod.
func TestCase24EntriesOfAnIndex(t *testing.T) {
	index := int32(3)
	l := line("text")
	l.Index = &index
	kept := New(2, 100)
	kept.Append(l)
	kept.Append(line("without"))
	if got := kept.Entries(); got[0].Index == nil || *got[0].Index != 3 || got[1].Index != nil {
		t.Errorf("got %+v", got)
	}
}
