// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// looks returns a Look that returns one step after another and repeats the last, which is done.
func looks(steps ...*Replay) Look {
	n := 0
	return func(context.Context) (*Replay, bool, error) {
		step := *steps[min(n, len(steps)-1)]
		n++
		step.Segments = append([]Segment(nil), step.Segments...)
		return &step, n >= len(steps), nil
	}
}

func testLog(steps ...*Replay) *Log {
	return &Log{Look: looks(steps...), Silence: time.Millisecond, Wait: wait.Backoff{Duration: time.Microsecond}}
}

func collect(to *[]printed) func(Line) error {
	return func(l Line) error {
		*to = append(*to, printed{l.At, string(l.Head)})
		return nil
	}
}

// A followed log comes once, wherever a response ends and however much is archived.
func TestFollowOverSources(t *testing.T) {
	log := aLog(3, 60)
	half, halfIndex := archived(t, log[:30], false)
	whole, wholeIndex := archived(t, log, true)
	for cut := range len(log) {
		var got []printed
		l := testLog(
			&Replay{Source: kubelet{}},
			&Replay{Source: kubelet{log[:cut]}, Segments: segments(nil, true)},
			&Replay{Archive: half, Index: halfIndex, Source: kubelet{log}, Segments: segments(halfIndex, true)},
			&Replay{Archive: whole, Index: wholeIndex, Segments: segments(wholeIndex, false)},
		)
		if err := l.Follow(t.Context(), collect(&got)); err != nil || l.Gap {
			t.Fatalf("cut at %d: %v, gap %v", cut, err, l.Gap)
		}
		same(t, got, log)
	}
}

// gone is a kubelet that does not find the log a few times.
type gone struct {
	source.Source
	times *int
}

func (g gone) Open(ctx context.Context, r source.Request) (io.ReadCloser, error) {
	if *g.times--; *g.times >= 0 {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), "pod")
	}
	return g.Source.Open(ctx, r)
}

// If a pod disappears between two requests, the reader looks once more: the log may be in the archive by then.
func TestLogThatMoves(t *testing.T) {
	log := aLog(4, 40)
	whole, index := archived(t, log, true)
	times := 1
	var got []printed
	l := testLog(&Replay{Source: gone{kubelet{log}, &times}, Segments: segments(nil, true)},
		&Replay{Archive: whole, Index: index, Segments: segments(index, false)})
	if _, err := l.Read(t.Context(), collect(&got)); err != nil || !l.FromArchive || l.FromPod {
		t.Fatal(err)
	}
	same(t, got, log)

	times, got = 1000, nil // a log that never comes back is skipped
	l = testLog(&Replay{Source: gone{kubelet{log}, &times}, Segments: segments(nil, true)})
	if _, err := l.Read(t.Context(), collect(&got)); err != nil || len(got) > 0 {
		t.Errorf("%d lines, %v", len(got), err)
	}
}

// The next attempt is not read before the end of the previous one is in the archive. Otherwise that end would never be
// read.
func TestNothingIsPassedOver(t *testing.T) {
	log, next := aLog(5, 40), []printed{{noon.Add(time.Hour), "the next attempt"}}
	half, halfIndex := archived(t, log[:20], false)
	whole, wholeIndex := archived(t, log, true)
	second := main
	second.Pod, second.PodUID, second.ContainerID = "pod-2", "pod-uid-2", "c2"
	both := func(first []Segment) []Segment {
		return append(first, Segment{ID: archive.IDOf(&second), Role: source.Main, archived: -1, live: &second})
	}
	var got []printed
	l := testLog(
		&Replay{Archive: half, Index: halfIndex, Source: kubelet{next}, Segments: both(segments(halfIndex, false))},
		&Replay{Archive: whole, Index: wholeIndex, Source: kubelet{next}, Segments: both(segments(wholeIndex, false))},
		&Replay{Archive: whole, Index: wholeIndex, Source: kubelet{next}, Segments: both(segments(wholeIndex, false))},
	)
	if err := l.Follow(t.Context(), collect(&got)); err != nil {
		t.Fatal(err)
	}
	same(t, got, append(log, next...))
}

// A position beyond the rest of its log gives a gap and no error.
func TestPositionBeyondWhatIsLeft(t *testing.T) {
	log := aLog(6, 40)
	half, halfIndex := archived(t, log[:20], false)
	var got []printed
	l := testLog(&Replay{Source: kubelet{log}, Segments: segments(nil, true)}, &Replay{Archive: half, Index: halfIndex, Segments: segments(halfIndex, false)})
	if _, err := l.Read(t.Context(), collect(&got)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), collect(&got)); err != nil || !l.Gap {
		t.Errorf("%v, gap %v", err, l.Gap)
	}
	same(t, got, log)
}

func TestTail(t *testing.T) {
	log := aLog(7, 90)
	reader, ix := archived(t, log[:70], false)
	for n := 1; n <= 100; n++ {
		for name, step := range map[string]*Replay{
			"from the pod": {Source: kubelet{log}, Segments: segments(nil, true)},
			"from both":    {Archive: reader, Index: ix, Source: kubelet{log}, Segments: segments(ix, true)},
		} {
			var got []printed
			l := testLog(step)
			if err := l.Tail(t.Context(), n, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Read(t.Context(), collect(&got)); err != nil || l.Gap {
				t.Fatalf("%s: %v, gap %v", name, err, l.Gap)
			}
			same(t, got, log[max(0, len(log)-n):])
		}
	}
	var got []printed
	l := testLog(&Replay{Archive: reader, Index: ix, Source: kubelet{log}, Segments: segments(ix, true)})
	rare := func(l Line) bool { return string(l.Head) == log[4].text }
	if err := l.Tail(t.Context(), 1, rare); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), collect(&got)); err != nil || len(got) > len(log) || len(got) == 0 {
		t.Errorf("%d lines, %v", len(got), err)
	}
}

func TestFollowGivesUp(t *testing.T) {
	broken, calls := errors.New("broken"), 0
	l := &Log{Wait: wait.Backoff{Duration: time.Microsecond}, Look: func(context.Context) (*Replay, bool, error) {
		calls++
		return nil, false, broken
	}}
	if err := l.Follow(t.Context(), nil); !errors.Is(err, broken) || calls != maxFailures+1 {
		t.Errorf("%v after %d", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.Look = func(context.Context) (*Replay, bool, error) {
		cancel()
		return &Replay{}, false, nil
	}
	if err := l.Follow(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
