// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// breaking is the kubelet of an ended container. Its answers break off at any byte, as if the log ended there.
type breaking struct {
	log string
	// cuts says where. Nil means nowhere.
	cuts *rand.Rand
	// at cuts each answer after that many bytes, if it is more than 0.
	at int
	// left is how many bytes were cut off last.
	left     int
	requests int
}

func newBreaking(lines []string, seed uint64) *breaking {
	k := &breaking{cuts: rand.New(rand.NewPCG(seed, 9))}
	for i, text := range lines {
		k.log += noon.Add(time.Duration(i)*170*time.Millisecond).Format(time.RFC3339Nano) + " " + text
	}
	return k
}

func (k *breaking) Open(_ context.Context, r source.Request) (io.ReadCloser, error) {
	k.requests++
	var answer strings.Builder
	for line := range strings.Lines(k.log) {
		at, err := time.Parse(time.RFC3339Nano, strings.Fields(line)[0])
		if err != nil {
			return nil, err
		}
		if !at.Before(r.Since) {
			answer.WriteString(line)
		}
	}
	body := answer.String()
	switch {
	case k.at > 0:
		body = body[:min(k.at, len(body))]
	case k.cuts != nil && k.cuts.IntN(4) == 0:
		cut := k.cuts.IntN(len(body) + 1)
		// Nobody can tell that an answer ended between two lines. An answer without the newline of its last line looks like that.
		for cut > 0 && (body[cut-1] == '\n' || cut < len(body) && body[cut] == '\n') {
			cut--
		}
		if left := len(body) - cut; left != k.left { // an answer that is cut where the one before was looks like the end
			k.left, body = left, body[:cut]
		}
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

// whole reads the log of an ended container as text.
func (k *breaking) whole(ctx context.Context) (string, error) {
	ended := main
	ended.Ended = true
	of := segments(nil, true)
	of[0].live = &ended
	var text strings.Builder
	err := (&Replay{Source: k, Segments: of}).Read(ctx, Position{}, func(line Line) error {
		text.Write(line.Head)
		whole, err := line.Whole, error(nil)
		for !whole && err == nil {
			var piece []byte
			piece, whole, err = line.Rest()
			text.Write(piece)
		}
		if !whole {
			return line.Unfinished(err)
		}
		text.WriteByte('\n')
		return nil
	})
	return text.String(), err
}

// Whatever answers break off, and wherever, the log of an ended container is read whole. Only a line that is read in
// pieces cannot be taken back: the read ends with an error then.
func TestAnswersThatBreakOff(t *testing.T) {
	for name, c := range map[string]struct {
		last string
		long bool
	}{
		"a newline": {"", false}, "no newline": {"end", false},
		"long lines": {"", true}, "a long line without a newline": {strings.Repeat("z", 2*lines.MaxHead), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				read := 0
				for seed := range uint64(300) {
					var log []string
					for i := range 12 {
						text := fmt.Sprint("line ", i)
						if c.long && i == 4 {
							text += strings.Repeat("x", lines.MaxHead)
						}
						log = append(log, text+"\n")
					}
					if c.last != "" {
						log = append(log, c.last)
					}
					got, err := newBreaking(log, seed).whole(t.Context())
					switch {
					case errors.Is(err, ErrCut) && c.long:
					case err != nil:
						t.Fatalf("seed %d: %v", seed, err)
					case got != strings.Join(log, ""):
						t.Fatalf("seed %d: %d bytes of %d", seed, len(got), len(strings.Join(log, "")))
					default:
						read++
					}
				}
				if read < 100 {
					t.Errorf("only %d of 300 reads came to the end", read)
				}
			})
		})
	}
}

// A log that is read at once costs one more request, which proves that this was its end.
func TestRequestsOfAWholeLog(t *testing.T) {
	for name, c := range map[string]struct {
		log  []string
		want int
	}{
		"empty":                          {nil, 2},
		"lines":                          {[]string{"a\n", "b\n"}, 2},
		"a last line without a newline":  {[]string{"a\n", "b"}, 2},
		"a long one without a newline":   {[]string{"a\n", strings.Repeat("b", lines.MaxHead*2)}, 3},
		"only a line without a newline":  {[]string{"b"}, 2},
		"lines of more than one second ": {strings.SplitAfter(strings.Repeat("c\n", 20), "\n")[:20], 2},
	} {
		t.Run(name, func(t *testing.T) {
			k := newBreaking(c.log, 0)
			k.cuts = nil
			got, err := k.whole(t.Context())
			if err != nil || got != strings.Join(c.log, "") || k.requests != c.want {
				t.Errorf("%d bytes, %v, %d requests", len(got), err, k.requests)
			}
		})
	}
}

// Answers that never reach a line that was read before are an error, not the end.
func TestAnswersThatAlwaysBreakOff(t *testing.T) {
	k := newBreaking([]string{"first\n", "second\n", "third\n"}, 0)
	k.cuts = nil
	stamped := len(k.log) / 3
	for name, at := range map[string]int{"within the first line": stamped - 3, "within the last line": len(k.log) - 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &reading{Replay: &Replay{Source: k}, visit: func(Line) error { return nil }, counter: newCounter(0, 0)}
				ended := main
				ended.Ended = true
				s.segment = &Segment{live: &ended}
				k.at = 0
				if exists, err := s.connection(t.Context()); !exists || err != nil {
					t.Fatal(err)
				}
				k.at = at
				if err := s.live(t.Context()); !errors.Is(err, ErrCut) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestEnding(t *testing.T) {
	type answer struct {
		fresh, stamped, replayed bool
		unfinished               string
		want                     verdict
	}
	for name, c := range map[string]struct {
		begun   bool
		answers []answer
	}{
		"the last line comes again":                   {true, []answer{{fresh: true, stamped: true, want: askAgain}, {stamped: true, replayed: true, want: theEnd}}},
		"a log without a line":                        {false, []answer{{want: askAgain}, {want: theEnd}}},
		"what was read is gone":                       {true, []answer{{want: askAgain}, {want: askAgain}, {want: theEnd}}},
		"the last line does not come again":           {true, append(slices.Repeat([]answer{{stamped: true}}, maxCut), answer{stamped: true, want: breaksOff})},
		"new lines begin the count again":             {true, append(slices.Repeat([]answer{{stamped: true}}, maxCut), answer{fresh: true, stamped: true}, answer{stamped: true})},
		"an unfinished line comes again":              {true, []answer{{stamped: true, replayed: true, unfinished: "a"}, {stamped: true, replayed: true, unfinished: "a", want: theEnd}}},
		"an unfinished line goes on":                  {true, []answer{{stamped: true, replayed: true, unfinished: "a"}, {stamped: true, replayed: true, unfinished: "ab"}, {stamped: true, replayed: true, unfinished: "ab", want: theEnd}}},
		"an unfinished line does not come again":      {true, []answer{{stamped: true, replayed: true, unfinished: "a"}, {stamped: true, replayed: true}, {stamped: true, replayed: true, want: theEnd}}},
		"an unfinished line is another one each time": {false, append(slices.Repeat([]answer{{unfinished: "a"}, {unfinished: "b"}}, maxCut/2), answer{unfinished: "c", want: breaksOff})},
	} {
		t.Run(name, func(t *testing.T) {
			var e ending
			for i, a := range c.answers {
				e.begin()
				if a.unfinished != "" {
					e.isNew(dedup.Line{Line: lines.Line{At: noon, Head: []byte(a.unfinished)}}, &dedup.Window{})
				}
				e.fresh, e.stamped = a.fresh, a.stamped
				if got := e.judge(c.begun, a.replayed); got != a.want {
					t.Errorf("answer %d: %d", i, got)
				}
			}
		})
	}
}
