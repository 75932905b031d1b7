// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// taking keeps the lines for which counts returns true.
func taking(counts func(printed) bool) func(Line) (printed, bool, error) {
	return func(l Line) (printed, bool, error) {
		p := printed{l.At, string(l.Head)}
		return p, counts(p), nil
	}
}

func every(printed) bool { return true }

// backwardsFrom reads a log in pages of n lines from a position to the beginning. Each page is also read forwards.
func backwardsFrom(t *testing.T, r *Replay, at Position, n int, counts func(printed) bool) (got []printed) {
	t.Helper()
	for range 10_000 {
		found, err := Before(t.Context(), testLog(r), at, n, time.Minute, taking(counts))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParsePosition(found.Start.String()); err != nil || again != found.Start {
			t.Fatalf("the position %+v reads %+v, %v", found.Start, again, err)
		}
		if forwards := between(t, r, found.Start, found.Lines, counts); !slices.Equal(forwards, found.Lines) {
			t.Fatalf("forwards %v, backwards %v", forwards, found.Lines)
		}
		got = append(slices.Clone(found.Lines), got...)
		if found.Whole {
			return got
		}
		if found.Start == at {
			t.Fatalf("the page before %+v begins there", at)
		}
		at = found.Start
	}
	t.Fatal("the pages do not end")
	return nil
}

// between reads as many lines as a page has, from its start on.
func between(t *testing.T, r *Replay, start Position, page []printed, counts func(printed) bool) (got []printed) {
	t.Helper()
	if len(page) == 0 {
		return nil
	}
	l := testLog(r)
	l.Position = start
	_, err := l.Read(t.Context(), func(line Line) error {
		if p := (printed{line.At, string(line.Head)}); counts(p) {
			got = append(got, p)
		}
		if len(got) == len(page) {
			return ErrStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrStop) {
		t.Fatal(err)
	}
	return got
}

// Pages that are read backwards are the log, wherever it is kept, however equal and out of order its lines are.
func TestBackwardsIsTheLog(t *testing.T) {
	for seed := range uint64(2) {
		log := aLog(seed, 300)
		half, halfIndex := archived(t, log[:170], false)
		whole, wholeIndex := archived(t, log, true)
		for name, r := range map[string]*Replay{
			"pod":             {Source: kubelet{log}, Segments: segments(nil, true)},
			"archive":         {Archive: whole, Index: wholeIndex, Segments: segments(wholeIndex, false)},
			"archive and pod": {Archive: half, Index: halfIndex, Source: kubelet{log[100:]}, Segments: segments(halfIndex, true)},
		} {
			for _, n := range []int{2, 7, 100, 1000} {
				same(t, backwardsFrom(t, r, Position{}, n, every), log)
				if t.Failed() {
					t.Fatalf("%s in pages of %d, seed %d", name, n, seed)
				}
			}
			few := func(p printed) bool { return strings.HasSuffix(p.text, "7") }
			if got, want := backwardsFrom(t, r, Position{}, 3, few), slices.DeleteFunc(slices.Clone(log), func(p printed) bool { return !few(p) }); !slices.Equal(got, want) {
				t.Errorf("%s: %d of the %d lines that count", name, len(got), len(want))
			}
			// From any position, also from one of another source, it is what comes before it.
			var positions []Position
			forwards := testLog(&Replay{Source: kubelet{log}, Segments: segments(nil, true)})
			if _, err := forwards.Read(t.Context(), func(l Line) error { positions = append(positions, l.Position); return nil }); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(positions); i += 29 {
				same(t, backwardsFrom(t, r, positions[i], 20, every), log[:i+1])
			}
		}
	}
}

// Lines before since are left out.
func TestBackwardsSince(t *testing.T) {
	log := aLog(3, 200)
	whole, index := archived(t, log, true)
	since := log[120].at
	want := slices.DeleteFunc(slices.Clone(log), func(p printed) bool { return p.at.Before(since) })
	for _, r := range []*Replay{
		{Source: kubelet{log}, Segments: segments(nil, true), Since: since},
		{Archive: whole, Index: index, Segments: segments(index, false), Since: since},
	} {
		var got []printed
		for at, done := (Position{}), false; !done; {
			found, err := Before(t.Context(), testLog(r), at, 9, time.Minute, taking(every))
			if err != nil {
				t.Fatal(err)
			}
			got, at, done = append(slices.Clone(found.Lines), got...), found.Start, found.Whole
		}
		same(t, got, want)
	}
}

// A page may have lines of several attempts. The beginning of an attempt is a position too.
func TestBackwardsOverAttempts(t *testing.T) {
	var all []Segment
	logs := kubelets{}
	var want []printed
	for i := range 4 {
		run := main
		run.PodUID, run.ContainerID, run.StartedAt = types.UID(fmt.Sprint("pod-", i)), fmt.Sprint("c", i), noon.Add(time.Duration(i)*time.Hour)
		all = append(all, Segment{ID: archive.IDOf(&run), Role: source.Main, StartedAt: run.StartedAt, archived: -1, live: &run})
		for n := range 5 * i { // the first one is empty
			logs[run.ContainerID] = append(logs[run.ContainerID], printed{run.StartedAt.Add(time.Duration(n) * time.Second), fmt.Sprintf("%d/%d", i, n)})
		}
		want = append(want, logs[run.ContainerID]...)
	}
	for _, n := range []int{1, 3, 5, 15, 100} {
		same(t, backwardsFrom(t, &Replay{Source: logs, Segments: all}, Position{}, n, every), want)
	}
}

// A line that was rotated away is passed over by time, and that is said.
func TestBackwardsOverARotation(t *testing.T) {
	log := aLog(4, 100)
	var positions []Position
	if _, err := testLog(&Replay{Source: kubelet{log}, Segments: segments(nil, true)}).Read(t.Context(), func(l Line) error { positions = append(positions, l.Position); return nil }); err != nil {
		t.Fatal(err)
	}
	rotated := &Replay{Source: kubelet{log[60:]}, Segments: segments(nil, true)}
	l := testLog(rotated)
	found, err := Before(t.Context(), l, positions[61], 1000, time.Minute, taking(every))
	if err != nil || !l.Gap || !found.Whole {
		t.Errorf("%+v, gap %t, %v", found, l.Gap, err)
	}
	for _, p := range found.Lines {
		if p.at.After(log[61].at) {
			t.Errorf("%v is after the position", p)
		}
	}
	l = testLog(&Replay{})
	if _, err := Before(t.Context(), l, positions[3], 10, time.Minute, taking(every)); !errors.Is(err, ErrGone) {
		t.Errorf("nothing is left: %v", err)
	}
	if found, err := Before(t.Context(), l, Position{}, 10, time.Minute, taking(every)); err != nil || !found.Whole || len(found.Lines) > 0 {
		t.Errorf("an empty log: %+v, %v", found, err)
	}
}

// kubelets have the logs of several containers, by container id.
type kubelets map[string][]printed

func (k kubelets) Open(ctx context.Context, r source.Request) (io.ReadCloser, error) {
	return kubelet{k[r.ContainerID]}.Open(ctx, r)
}
