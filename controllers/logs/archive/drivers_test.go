// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// drivers create buckets of all kinds that need no external service.
func drivers() map[string]func(*testing.T) *blob.Bucket {
	return map[string]func(*testing.T) *blob.Bucket{
		"mem":  func(*testing.T) *blob.Bucket { return memblob.OpenBucket(nil) },
		"file": func(t *testing.T) *blob.Bucket { return folder(t) },
		"file with a prefix": func(t *testing.T) *blob.Bucket {
			return opened(t, "file://"+t.TempDir()+"?prefix=a/b/")
		},
		"s3": func(t *testing.T) *blob.Bucket {
			b, _ := limited(t, math.MaxInt64)
			return b
		},
	}
}

// All drivers do what the archive relies on. Parts are never overwritten, whether they are sent at once or in pieces.
// An index may be. All objects of an execution are found and removed.
func TestDrivers(t *testing.T) {
	for name, open := range drivers() {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			for size, taken := range map[int]string{1 << 10: "small", 6 << 20: "large"} {
				testConflict(t, b, size, taken)
			}
			l := writes(t, b, nil).Begin(ours, true)
			s := l.Stream(&main)
			printed(s, 0, 200)
			s.End()
			l.End()
			settled(t, l)
			if text, stream := archived(t, b, 0); text != numbered(0, 200) || len(stream.Gaps) > 0 {
				t.Errorf("%d lines, gaps %+v", strings.Count(text, "\n"), stream.Gaps)
			}
			r := NewReader(b)
			for range 2 { // again, when nothing is left
				if err := r.Delete(t.Context(), ours); err != nil {
					t.Error(err)
				}
			}
			if ix, err := r.Index(t.Context(), ours); ix != nil || err != nil {
				t.Errorf("after it was deleted: %+v, %v", ix, err)
			}
		})
	}
}

// testConflict uploads a part of the given size where another writer's object already exists.
func testConflict(t *testing.T, b *blob.Bucket, size int, name string) {
	t.Helper()
	l := writes(t, b, func(o *WriterOptions) { o.PartBytes = 1 << 30 }).Begin(Execution{Namespace: "team", Name: name, UID: "other"}, true)
	run := main
	run.Container = name
	s := l.Stream(&run)
	key := l.index.partKey(&s.stream.StreamID, 0)
	if err := b.WriteAll(t.Context(), key, []byte("of the other"), nil); err != nil {
		t.Fatal(err)
	}
	s.Line(noon, bytes.Repeat([]byte("x"), size), true)
	s.End()
	settled(t, l)
	if gaps := l.State().Gaps; len(gaps) != 1 || gaps[0].Reason != v1alpha1.ReasonLogsArchiveConflict || gaps[0].Lines != 1 {
		t.Errorf("%s: gaps %+v", name, gaps)
	}
	if there, err := b.ReadAll(t.Context(), key); err != nil || string(there) != "of the other" {
		t.Errorf("%s: the other's part now has %d bytes, %v", name, len(there), err)
	}
}

// stepped is a clock that a test moves. It calls back on a goroutine of its own, as a real clock does.
type stepped struct{ *testingclock.FakeClock }

func (c stepped) AfterFunc(d time.Duration, f func()) clock.Timer {
	return c.FakeClock.AfterFunc(d, func() { go f() })
}

// A part is closed at its maximum age, but not while the store is unavailable. A failed attempt waits before the next.
func TestTimes(t *testing.T) {
	moved := stepped{testingclock.NewFakeClock(noon)}
	b, store := limited(t, 0)
	w := writes(t, b, func(o *WriterOptions) {
		o.PartAge, o.Clock = 15*time.Second, moved
		o.Retry = wait.Backoff{Duration: time.Minute, Factor: 2, Steps: 5}
	})
	l := w.Begin(ours, true)
	s := l.Stream(&main)
	eventually(t, "the first try fails", func() bool { return l.State().Failure != nil })
	if since := l.State().Since; !since.Equal(noon) {
		t.Errorf("the store is said to fail since %s", since)
	}
	printed(s, 0, 10)
	closed := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.queue) > 0
	}
	moved.Step(20 * time.Second)
	if closed() {
		t.Error("a part is closed by its age while the store is away")
	}
	before := store.left.Load()
	store.left.Store(math.MaxInt64)
	if moved.Step(30 * time.Second); l.State().Failure == nil || before != -1 {
		t.Errorf("tried %d times within a minute", -before)
	}
	eventually(t, "it is tried again", func() bool {
		moved.Step(10 * time.Second)
		return l.State().Failure == nil
	})
	eventually(t, "the part is closed and archived", func() bool {
		moved.Step(5 * time.Second)
		return l.State().Settled
	})
	if text, stream := archived(t, b, 0); text != numbered(0, 10) || stream.Ended || len(stream.Parts) != 1 {
		t.Errorf("%q in %d parts, ended %v", text, len(stream.Parts), stream.Ended)
	}
	s.End()
	settled(t, l)
}

// The index of an endless log is updated from time to time, not only when everything is uploaded.
func TestIndexKeepsUp(t *testing.T) {
	b, store := limited(t, 0)
	l := writes(t, b, nil).Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 32*2*maxUnlisted)
	store.left.Store(2*maxUnlisted - 2)
	eventually(t, "the store fails again", func() bool { return store.left.Load() < 0 })
	store.left.Store(math.MaxInt64)
	ix, err := NewReader(b).Index(t.Context(), ours)
	if err != nil || len(ix.Streams[0].Parts) < maxUnlisted {
		t.Errorf("%d parts are in the index, %v", len(ix.Streams[0].Parts), err)
	}
	s.End()
	settled(t, l)
}

// Two container runs that differ only in the runtime's ID would have the same keys. The first one keeps them.
func TestStreamsWithTheSameKeys(t *testing.T) {
	b := folder(t)
	l := writes(t, b, nil).Begin(ours, true)
	one, two := l.Stream(&main), main
	printed(one, 0, 100)
	one.End()
	settled(t, l)
	two.ContainerID = "containerd://2"
	other := l.Stream(&two)
	other.Line(noon, []byte("of the other"), true)
	other.End()
	settled(t, l)
	ix, err := NewReader(b).Index(t.Context(), ours)
	if err != nil || len(ix.Streams) != 2 {
		t.Fatalf("%+v, %v", ix, err)
	}
	for i := range ix.Streams {
		s := &ix.Streams[i]
		first := s.ContainerID == main.ContainerID
		if first != (s.Lines() == 100) || first != (len(s.Gaps) == 0) {
			t.Errorf("%s has %d lines, gaps %+v", s.ContainerID, s.Lines(), s.Gaps)
		}
	}
}

// An earlier controller died within a line, and no more of that line comes. The next line begins on its own.
func TestAnotherWriterAfterHalfALine(t *testing.T) {
	b := folder(t)
	l := writes(t, b, nil).Begin(ours, true)
	l.Stream(&main).Line(noon, []byte("half"), false)
	l.stop()
	settled(t, l)
	l = writes(t, b, nil).Begin(ours, false)
	if _, err := l.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := l.Stream(&main)
	printed(s, 1, 2)
	s.End()
	settled(t, l)
	if text, _ := archived(t, b, 0); text != string(lines.AppendStamp(nil, noon))+"half\n"+numbered(1, 2) {
		t.Errorf("got %q", text)
	}
}
