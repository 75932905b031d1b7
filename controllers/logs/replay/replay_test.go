// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	ours = archive.Execution{Namespace: "team", Name: "run", UID: "uid-1"}
	main = source.ContainerRun{Namespace: "team", Pod: "pod", PodUID: "pod-uid", Container: "main", ContainerID: "c1", Role: source.Main, StartedAt: noon}
)

type printed struct {
	at   time.Time
	text string
}

// kubelet has the current log file of one container, with the lines since a rotation.
type kubelet struct{ log []printed }

func (k kubelet) Open(_ context.Context, r source.Request) (io.ReadCloser, error) {
	var b []byte
	for _, l := range k.log {
		if !l.at.Before(r.Since) {
			b = append(append(lines.AppendStamp(b, l.at), l.text...), '\n')
		}
	}
	return io.NopCloser(strings.NewReader(string(b))), nil
}

// archived writes the first lines of a log to a bucket, in small parts.
func archived(t testing.TB, log []printed, ended bool) (*archive.Reader, *archive.Index) {
	t.Helper()
	bucket, err := bucket.Open(t.Context(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	w, err := archive.NewWriter(archive.WriterOptions{Bucket: bucket, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 300, PartAge: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	l := w.Begin(ours, true)
	s := l.Stream(&main)
	for _, p := range log {
		s.Line(p.at, []byte(p.text), true)
	}
	if ended {
		s.End()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Run(ctx); err != nil { // uploads all lines
		t.Fatal(err)
	}
	ix, err := w.Reader().Index(t.Context(), ours)
	if err != nil || ix == nil {
		t.Fatalf("index %v, %v", ix, err)
	}
	return w.Reader(), ix
}

func segments(ix *archive.Index, live bool) []Segment {
	s := Segment{ID: archive.IDOf(&main), Role: source.Main, StartedAt: main.StartedAt, archived: -1}
	if ix != nil {
		s.archived = 0
	}
	if live {
		run := main
		s.live = &run
	}
	return []Segment{s}
}

// pages reads a log in pages of size lines, each from the end of the one before. next may change the sources before
// each page.
func pages(t testing.TB, size int, next func(page int) *Replay) (got []printed, gap bool) {
	t.Helper()
	var at Position
	for page := 0; ; page++ {
		r, n := next(page), 0
		err := r.Read(t.Context(), at, func(l Line) error {
			got = append(got, printed{l.At, string(l.Head)})
			at = l.Position
			again, err := ParsePosition(at.String())
			if err != nil || again != at {
				t.Fatalf("position %+v reads %+v, %v", at, again, err)
			}
			if n++; n == size {
				return ErrStop
			}
			return nil
		})
		gap = gap || r.Gap
		if err != nil && !errors.Is(err, ErrStop) {
			t.Fatal(err)
		}
		if n < size {
			return got, gap
		}
		if page > 10_000 {
			t.Fatal("the pages do not end")
		}
	}
}

// aLog returns a log with equal lines, equal timestamps, and lines slightly out of order.
func aLog(seed uint64, count int) []printed {
	random := rand.New(rand.NewPCG(seed, 5))
	log, at := make([]printed, count), noon
	for i := range log {
		at = at.Add(time.Duration(random.IntN(4)) * 40 * time.Millisecond)
		log[i] = printed{at, fmt.Sprint("line ", i)}
		switch random.IntN(5) {
		case 0:
			log[i].text = "the same"
		case 1:
			log[i].at = at.Add(-time.Duration(random.IntN(90)) * time.Millisecond)
		case 2:
			if i > 0 {
				log[i] = log[i-1]
			}
		}
	}
	return log
}

func same(t *testing.T, got, want []printed) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("line %d is %v, want %v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines of %d", len(got), len(want))
	}
}

// However much of a log is archived, and wherever a page ends, each line is read once.
func TestSeam(t *testing.T) {
	for _, size := range []int{1, 7, 50, 1000} {
		log := aLog(uint64(size), 60)
		for split := 0; split <= len(log); split += 3 {
			reader, ix := archived(t, log[:split], false)
			got, gap := pages(t, size, func(int) *Replay {
				return &Replay{Archive: reader, Index: ix, Source: kubelet{log}, Segments: segments(ix, true)}
			})
			same(t, got, log)
			if gap {
				t.Errorf("pages of %d, split at %d: a gap", size, split)
			}
		}
	}
}

// The archive grows while pages are read, and finally the pod is gone.
func TestPositionsOutliveTheirSource(t *testing.T) {
	for seed := range uint64(5) {
		log := aLog(seed, 80)
		half, halfIndex := archived(t, log[:40], false)
		whole, wholeIndex := archived(t, log, true)
		for _, size := range []int{1, 3, 11} {
			got, gap := pages(t, size, func(page int) *Replay {
				switch {
				case page < 2:
					return &Replay{Source: kubelet{log}, Segments: segments(nil, true)}
				case page < 5:
					return &Replay{Archive: half, Index: halfIndex, Source: kubelet{log}, Segments: segments(halfIndex, true)}
				default:
					return &Replay{Archive: whole, Index: wholeIndex, Segments: segments(wholeIndex, false)}
				}
			})
			same(t, got, log)
			if gap {
				t.Errorf("seed %d, pages of %d: a gap", seed, size)
			}
		}
	}
}

// The kubelet's file begins in the middle. With an archive nothing is lost; without one there is a gap.
func TestRotation(t *testing.T) {
	log := aLog(1, 60)
	reader, ix := archived(t, log[:40], false)
	for rotated := range 40 {
		got, gap := pages(t, 9, func(int) *Replay {
			return &Replay{Archive: reader, Index: ix, Source: kubelet{log[rotated:]}, Segments: segments(ix, true)}
		})
		same(t, got, log)
		if gap {
			t.Errorf("rotated at %d: a gap", rotated)
		}
	}
	got, gap := pages(t, 20, func(page int) *Replay {
		if page == 0 {
			return &Replay{Source: kubelet{log[:20]}, Segments: segments(nil, true)}
		}
		return &Replay{Source: kubelet{log[30:]}, Segments: segments(nil, true)}
	})
	if !gap || len(got) > 50 || got[len(got)-1] != log[59] {
		t.Errorf("%d lines, gap %v", len(got), gap)
	}
}

func TestSinceAndLast(t *testing.T) {
	log := aLog(2, 90)
	reader, ix := archived(t, log[:70], false)
	since := log[50].at
	var want []printed
	for _, l := range log {
		if !l.at.Before(since) {
			want = append(want, l)
		}
	}
	for _, size := range []int{2, 1000} {
		got, _ := pages(t, size, func(int) *Replay {
			return &Replay{Archive: reader, Index: ix, Source: kubelet{log}, Segments: segments(ix, true), Since: since}
		})
		same(t, got, want)
	}
	got, _ := pages(t, 1000, func(int) *Replay {
		return &Replay{Archive: reader, Index: ix, Source: kubelet{log}, Segments: segments(ix, true), Last: 10}
	})
	if len(got) == len(log) || len(got) < 10 {
		t.Errorf("%d lines were read for the last 10", len(got))
	}
	same(t, got, log[len(log)-len(got):])
}

func TestPositionInAStreamThatIsGone(t *testing.T) {
	r := &Replay{Segments: segments(nil, true), Source: kubelet{}}
	if err := r.Read(t.Context(), Position{Stream: 1, Seen: 1}, nil); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
}

func TestSegments(t *testing.T) {
	ended := func(id string, second int) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ContainerID: id, StartedAt: metav1.NewTime(noon.Add(time.Duration(second) * time.Second))}}
	}
	pod := func(name string, from int) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid of " + name), Annotations: map[string]string{v1alpha1.AnnotationLogContainer: "main"}}}
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", State: ended("i", from)}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{
			{Name: "sidecar", State: ended("s", from+1)},
			{Name: "main", State: ended("m2", from+5), LastTerminationState: ended("m1", from+1), RestartCount: 1},
		}
		return p
	}
	ix := &archive.Index{Streams: []archive.Stream{
		{StreamID: archive.StreamID{Pod: "a", PodUID: "uid of a", Container: "main", ContainerID: "m1"}, Role: source.Main, StartedAt: noon.Add(time.Second)},
		{StreamID: archive.StreamID{Pod: "a", PodUID: "uid of a", Container: "main", ContainerID: "m2", Restart: 1}, Role: source.Main, StartedAt: noon.Add(5 * time.Second)},
	}}
	pods := []corev1.Pod{pod("b", 10)}
	for name, c := range map[string]struct {
		selection Selection
		want      string
	}{
		"the run's own story": {Selection{}, "a/main/m1@1- a/main/m2@2- b/init/i@3+ b/main/m1@3+ b/main/m2@4+"},
		"one container":       {Selection{Container: "sidecar"}, "b/sidecar/s@3+"},
		"one attempt":         {Selection{Attempt: 3}, "b/init/i@3+ b/main/m1@3+"},
		"one of each":         {Selection{Container: "main", Attempt: 2}, "a/main/m2@2-"},
		"nothing of the kind": {Selection{Container: "other"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range Segments(ix, pods, c.selection) {
				from := "-"
				if s.live != nil {
					from = "+"
				}
				got = append(got, fmt.Sprintf("%s/%s/%s@%d%s", s.ID.Pod, s.ID.Container, s.ID.ContainerID, s.Attempt, from))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %s, want %s", strings.Join(got, " "), c.want)
			}
		})
	}
}

// Only the token of a position is accepted as a position, whatever is sent.
func FuzzParsePosition(f *testing.F) {
	f.Add(Position{Stream: 1, Since: 1_700_000_000, Seen: 7, At: 1_700_000_000_123456789, Hash: 9}.String())
	f.Add("AQ")
	f.Add("AX0000000000Aq2000200AA00000") // a number in more bytes than necessary
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := ParsePosition(token)
		if err == nil && p.String() != token {
			t.Errorf("%q is taken for %+v, whose token is %q", token, p, p.String())
		}
		if err != nil && p != (Position{}) {
			t.Errorf("%q: %v, and %+v", token, err, p)
		}
	})
}
