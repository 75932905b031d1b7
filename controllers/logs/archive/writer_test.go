// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	ours = Execution{Namespace: "team", Name: "run", UID: "uid-1"}
	main = source.ContainerRun{Pod: "pod", PodUID: "pod-uid", Container: "main", ContainerID: "containerd://1", Role: source.Main, StartedAt: noon}
)

// folder returns a bucket on disk.
func folder(t testing.TB) *blob.Bucket {
	t.Helper()
	return opened(t, "file://"+t.TempDir())
}

func opened(t testing.TB, url string) *blob.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// writes returns a Writer that retries at once. change may alter its options.
func writes(t testing.TB, b *blob.Bucket, change func(*WriterOptions)) *Writer {
	t.Helper()
	o := WriterOptions{
		Bucket: b, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 1000, PartAge: time.Hour,
		Retry: wait.Backoff{Duration: time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	w, err := NewWriter(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if left, _ := os.ReadDir(o.SpoolDir); len(left) > 0 {
			t.Errorf("%d files are left in the spool", len(left))
		}
	})
	return w
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(20 * time.Second); !condition(); {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("within 20 s it did not come true that %s", what)
		}
	}
}

func settled(t testing.TB, l *Log) {
	t.Helper()
	eventually(t, "the log is archived", func() bool { return l.State().Settled })
}

// printed writes lines with numbers.
func printed(s *StreamWriter, from, to int) {
	for i := from; i < to; i++ {
		s.Line(noon.Add(time.Duration(i)*time.Millisecond), fmt.Appendf(nil, "line %d", i), true)
	}
}

// numbered returns what printed archives.
func numbered(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.Write(lines.AppendStamp(nil, noon.Add(time.Duration(i)*time.Millisecond)))
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

// aLogOf100 archives 100 lines.
func aLogOf100(t *testing.T) (b *blob.Bucket, s *StreamWriter, ix *Index) {
	t.Helper()
	b = folder(t)
	l := writes(t, b, nil).Begin(ours, true)
	s = l.Stream(&main)
	printed(s, 0, 100)
	s.End()
	settled(t, l)
	ix, err := NewReader(b).Index(t.Context(), ours)
	if err != nil {
		t.Fatal(err)
	}
	return b, s, ix
}

// archived reads a whole stream and checks its index.
func archived(t testing.TB, b *blob.Bucket, stream int) (text string, s Stream) {
	t.Helper()
	r := NewReader(b)
	ix, err := r.Index(t.Context(), ours)
	if err != nil || ix == nil || len(ix.Streams) <= stream {
		t.Fatalf("index %+v, %v", ix, err)
	}
	raw, err := io.ReadAll(r.Open(t.Context(), ix, stream, 0))
	if err != nil {
		t.Fatal(err)
	}
	s = ix.Streams[stream]
	if s.Bytes() != int64(len(raw)) || s.Lines() != int64(bytes.Count(raw, newline)) {
		t.Errorf("the index says %d lines and %d bytes; there are %d and %d", s.Lines(), s.Bytes(), bytes.Count(raw, newline), len(raw))
	}
	return string(raw), s
}

func TestWhatIsGivenIsArchived(t *testing.T) {
	b := folder(t)
	var told atomic.Int64
	w := writes(t, b, func(o *WriterOptions) { o.Notify = func(types.NamespacedName) { told.Add(1) } })
	l := w.Begin(ours, true)
	if before, err := l.Restored(t.Context()); before != nil || err != nil {
		t.Errorf("a fresh log has %+v, %v", before, err)
	}
	s := l.Stream(&main)
	printed(s, 0, 500)
	if told.Load() > 0 {
		t.Error("it is told that a log is archived that goes on")
	}
	s.End()
	settled(t, l)
	l.End()
	text, stream := archived(t, b, 0)
	if text != numbered(0, 500) || !stream.Ended || len(stream.Parts) < 10 || stream.Role != source.Main {
		t.Errorf("%d bytes in %d parts, ended %v", len(text), len(stream.Parts), stream.Ended)
	}
	eventually(t, "it is told", func() bool { return told.Load() > 0 })
	eventually(t, "the index says that nothing follows", func() bool {
		ix, err := w.Reader().Index(t.Context(), ours)
		return err == nil && ix.Ended
	})
	for i, p := range stream.Parts {
		if p.First.After(p.Last) || p.First.IsZero() || p.Continues {
			t.Errorf("part %d: %+v", i, p)
		}
	}
}

func TestPartsAreClosedByAge(t *testing.T) {
	b := folder(t)
	l := writes(t, b, func(o *WriterOptions) { o.PartAge = 10 * time.Millisecond }).Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 3)
	settled(t, l)
	if text, stream := archived(t, b, 0); text != numbered(0, 3) || stream.Ended {
		t.Errorf("got %q, ended %v", text, stream.Ended)
	}
}

// A long line is written in pieces, parts may end within it, and memory does not grow with it.
func TestLongLine(t *testing.T) {
	b := folder(t)
	l := writes(t, b, func(o *WriterOptions) { o.PartBytes = 1 << 20 }).Begin(ours, true)
	s := l.Stream(&main)
	piece := bytes.Repeat([]byte("x"), 32<<10)
	const pieces = 1280 // 40 MiB
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.Line(noon, piece, false)
	for i := 1; i < pieces; i++ {
		s.More(piece, i == pieces-1)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	s.Line(noon.Add(time.Second), []byte("after it"), true)
	s.End()
	settled(t, l)
	text, stream := archived(t, b, 0)
	want := string(lines.AppendStamp(nil, noon)) + strings.Repeat("x", pieces*len(piece)) + "\n" +
		string(lines.AppendStamp(nil, noon.Add(time.Second))) + "after it\n"
	if text != want || stream.Lines() != 2 || len(stream.Parts) < 30 {
		t.Errorf("%d bytes of %d, %d lines, %d parts", len(text), len(want), stream.Lines(), len(stream.Parts))
	}
	for i, p := range stream.Parts[:len(stream.Parts)-1] {
		if p.Continues != (i > 0) {
			t.Errorf("part %d continues: %v", i, p.Continues)
		}
	}
}

// s3 returns a bucket of an S3 server that is unavailable while the switch is set.
func s3(t *testing.T) (bucket *blob.Bucket, away *atomic.Bool) {
	t.Helper()
	url, away := buckettest.S3ThatGoes(t)
	return opened(t, url+"&prefix=a/b/"), away
}

func TestStoreThatIsAwayAndComesBack(t *testing.T) {
	b, broken := s3(t)
	w := writes(t, b, nil)
	broken.Store(true)
	l := w.Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 300)
	eventually(t, "the failure shows", func() bool { return l.State().Failure != nil })
	if state := l.State(); state.Settled || state.Pending == 0 {
		t.Errorf("while the store is away: %+v", state)
	}
	printed(s, 300, 600)
	broken.Store(false)
	s.End()
	settled(t, l)
	if text, stream := archived(t, b, 0); text != numbered(0, 600) || len(stream.Gaps) > 0 {
		t.Errorf("%d bytes, gaps %+v", len(text), stream.Gaps)
	}
	if state := l.State(); state.Failure != nil || state.Pending != 0 {
		t.Errorf("after: %+v", state)
	}
}

// A store is unavailable for a quarter of an hour (on the test's clock) while lines come. It is requested less and less
// often, and everything is archived when it is back.
func TestCase17StoreIsAwayFor15Minutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const minutes, lines = 15, 100 // lines a minute
		dir := filepath.Join(t.TempDir(), "bucket")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		b := opened(t, "file://"+dir)
		w, err := NewWriter(WriterOptions{Bucket: b, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 1000, PartAge: 15 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- w.Run(ctx) }()
		l := w.Begin(ours, true)
		s := l.Stream(&main)
		printed(s, 0, lines)
		<-time.After(time.Minute)
		if state := l.State(); state.Pending > 0 || state.Failure != nil {
			t.Fatalf("before: %+v", state)
		}
		// Replace the folder by a file, so that every write fails.
		if err := errors.Join(os.Rename(dir, dir+".away"), os.WriteFile(dir, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		for i := range minutes {
			printed(s, lines*(i+1), lines*(i+2))
			<-time.After(time.Minute)
			if state := l.State(); state.Pending == 0 || state.Failure == nil {
				t.Fatalf("after %d minutes away: %+v", i+1, state)
			}
		}
		if err := errors.Join(os.Remove(dir), os.Rename(dir+".away", dir)); err != nil {
			t.Fatal(err)
		}
		s.End()
		<-time.After(DefaultRetry().Cap * 5 / 4) // the longest wait between two attempts, with its jitter
		synctest.Wait()
		if state := l.State(); !state.Settled || state.Pending > 0 || state.Failure != nil {
			t.Errorf("after: %+v", state)
		}
		if text, stream := archived(t, b, 0); text != numbered(0, lines*(minutes+1)) || len(stream.Gaps) > 0 {
			t.Errorf("%d lines, gaps %+v", strings.Count(text, "\n"), stream.Gaps)
		}
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

func TestAbandonedLogSaysWhatIsMissing(t *testing.T) {
	b, broken := s3(t)
	w := writes(t, b, nil)
	l := w.Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 100)
	s.l.mu.Lock()
	s.closePart()
	s.l.mu.Unlock()
	settled(t, l)
	broken.Store(true)
	printed(s, 100, 300)
	eventually(t, "the failure shows", func() bool { return l.State().Failure != nil })
	l.Abandon(v1alpha1.ReasonLogsArchiveUnavailable)
	state := l.State()
	var missing int64
	for _, g := range state.Gaps {
		missing += g.Lines
		if g.Reason != v1alpha1.ReasonLogsArchiveUnavailable || g.AfterLine != 100 {
			t.Errorf("gap %+v", g)
		}
	}
	if missing != 200 || !state.Settled || state.Pending != 0 || w.spooled.sum() != 0 {
		t.Errorf("%d lines are said to be missing of 200; %+v; %d bytes spooled", missing, state, w.spooled.sum())
	}
	printed(s, 300, 301) // too late, and harmless
	broken.Store(false)
}

func TestFullSpool(t *testing.T) {
	b, broken := s3(t)
	l := writes(t, b, func(o *WriterOptions) { o.SpoolBytes = 40000 }).Begin(ours, true)
	broken.Store(true)
	s := l.Stream(&main)
	printed(s, 0, 1000)
	broken.Store(false)
	eventually(t, "there is room again", func() bool { return l.State().Pending < 3000 })
	printed(s, 1000, 1010)
	s.End()
	settled(t, l)
	text, stream := archived(t, b, 0)
	if len(stream.Gaps) != 1 || stream.Gaps[0].Reason != v1alpha1.ReasonLogsArchiveFull {
		t.Fatalf("gaps %+v", stream.Gaps)
	}
	kept := int(stream.Gaps[0].AfterLine)
	if text != numbered(0, kept)+numbered(1000, 1010) || stream.Gaps[0].Lines != int64(1000-kept) || kept == 0 {
		t.Errorf("%d lines kept before the gap, gap %+v", kept, stream.Gaps[0])
	}
}

// An earlier controller may have ended at any time, even after it uploaded a part and before it updated the index.
func TestAnotherWriterGoesOn(t *testing.T) {
	for _, lost := range []int{0, 1, 2} {
		t.Run(fmt.Sprintf("%d parts that the index lacks", lost), func(t *testing.T) {
			b := folder(t)
			first := writes(t, b, nil)
			l := first.Begin(ours, true)
			s := l.Stream(&main)
			printed(s, 0, 100)
			l.stop()
			settled(t, l)
			_, stream := archived(t, b, 0)
			if lost > 0 { // as if the controller died before it wrote the index
				l.mu.Lock()
				s.stream.Parts = s.stream.Parts[:len(s.stream.Parts)-lost]
				l.mu.Unlock()
				if err := l.putIndex(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			l = writes(t, b, nil).Begin(ours, false)
			before, err := l.Restored(t.Context())
			if err != nil || before.Streams[0].Lines() != 100 || fmt.Sprint(before.Streams[0].Parts) != fmt.Sprint(stream.Parts) {
				t.Fatalf("restored %+v, want parts %+v; %v", before, stream.Parts, err)
			}
			s = l.Stream(&main)
			printed(s, 100, 200)
			s.End()
			settled(t, l)
			if text, _ := archived(t, b, 0); text != numbered(0, 200) {
				t.Errorf("got %d lines", strings.Count(text, "\n"))
			}
		})
	}
}

func TestAnotherWriterGoesOnWithinALine(t *testing.T) {
	b := folder(t)
	l := writes(t, b, nil).Begin(ours, true)
	s := l.Stream(&main)
	s.Line(noon, bytes.Repeat([]byte("x"), 1500), false)
	l.stop()
	settled(t, l)
	l = writes(t, b, nil).Begin(ours, false)
	if _, err := l.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = l.Stream(&main)
	s.More([]byte("yy"), true)
	s.End()
	settled(t, l)
	text, stream := archived(t, b, 0)
	if want := string(lines.AppendStamp(nil, noon)) + strings.Repeat("x", 1500) + "yy\n"; text != want || !stream.Parts[1].Continues {
		t.Errorf("%d bytes of %d, parts %+v", len(text), len(want), stream.Parts)
	}
}

// Two controllers that both believe to be the leader never overwrite each other's parts.
func TestTwoWritersDoNotMix(t *testing.T) {
	b := folder(t)
	one, two := writes(t, b, nil).Begin(ours, true), writes(t, b, nil).Begin(ours, true)
	s := one.Stream(&main)
	printed(s, 0, 100)
	s.End()
	settled(t, one)
	s = two.Stream(&main)
	printed(s, 0, 50)
	s.Line(noon, []byte("of the other"), true)
	s.End()
	settled(t, two)
	state := two.State()
	if len(state.Gaps) == 0 || state.Gaps[0].Reason != v1alpha1.ReasonLogsArchiveConflict {
		t.Errorf("the second writer's gaps: %+v", state.Gaps)
	}
	part, err := b.ReadAll(t.Context(), ours.partKey(&s.stream.StreamID, 2))
	if err != nil || !strings.HasPrefix(numbered(0, 100)[2000:], string(part[:20])) && strings.Contains(string(part), "of the other") {
		t.Errorf("a part of the first writer was written over: %q, %v", part, err)
	}
}

func TestManyStreamsAtOnce(t *testing.T) {
	b := folder(t)
	l := writes(t, b, nil).Begin(ours, true)
	const streams = 8
	done := make(chan struct{})
	for i := range streams {
		run := main
		run.Container = fmt.Sprint("c", i)
		s := l.Stream(&run)
		go func() {
			defer func() { done <- struct{}{} }()
			for from := 0; from < 400; from += 40 {
				printed(s, from, from+40)
				_ = l.State()
			}
			s.End()
		}()
	}
	for range streams {
		<-done
	}
	settled(t, l)
	for i := range streams {
		if text, _ := archived(t, b, i); text != numbered(0, 400) {
			t.Errorf("stream %d has %d lines", i, strings.Count(text, "\n"))
		}
	}
}

func TestClosedLogLeavesNothingInTheSpool(t *testing.T) {
	b, broken := s3(t)
	w := writes(t, b, nil)
	broken.Store(true)
	l := w.Begin(ours, true)
	printed(l.Stream(&main), 0, 300)
	l.Close()
	eventually(t, "its goroutine ends", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.logs) == 0
	})
	if n := w.spooled.sum(); n != 0 {
		t.Errorf("%d bytes are said to be spooled", n)
	}
	broken.Store(false)
}

func TestSpoolOfAnEarlierProcessIsRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1.part", "2.part", "other"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writes(t, folder(t), func(o *WriterOptions) { o.SpoolDir = dir })
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "other" {
		t.Errorf("left %v, %v", left, err)
	}
	_ = os.Remove(filepath.Join(dir, "other"))
}

func TestIndexThatCannotBeReadIsAnError(t *testing.T) {
	b := folder(t)
	for _, raw := range []string{"", "{", `{"version":2}`, `[]`} {
		if err := b.WriteAll(t.Context(), ours.indexKey(), []byte(raw), nil); err != nil {
			t.Fatal(err)
		}
		if ix, err := NewReader(b).Index(t.Context(), ours); err == nil {
			t.Errorf("%q gives %+v", raw, ix)
		}
	}
}

func TestMissingPartIsAnError(t *testing.T) {
	b, s, ix := aLogOf100(t)
	if err := b.WriteAll(t.Context(), ours.partKey(&s.stream.StreamID, 1), []byte("short"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(NewReader(b).Open(t.Context(), ix, 0, 0)); err == nil || !strings.Contains(err.Error(), "part 1") {
		t.Errorf("a part that is too short: %v", err)
	}
	if err := b.Delete(t.Context(), ours.partKey(&s.stream.StreamID, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(NewReader(b).Open(t.Context(), ix, 0, 0)); err == nil || !strings.Contains(err.Error(), "part 1") {
		t.Errorf("a part that is missing: %v", err)
	}
}

// An archive is removed whole, and no other.
func TestDelete(t *testing.T) {
	b := folder(t)
	kept := Execution{Namespace: "team", Name: "kept", UID: "uid-2"}
	for _, e := range []Execution{ours, kept} {
		l := writes(t, b, nil).Begin(e, true)
		s := l.Stream(&main)
		printed(s, 0, 100)
		s.End()
		l.End()
		settled(t, l)
	}
	r := NewReader(b)
	for range 2 { // what is gone is no error
		if err := r.Delete(t.Context(), ours); err != nil {
			t.Fatal(err)
		}
	}
	if ix, err := r.Index(t.Context(), kept); err != nil || ix == nil {
		t.Errorf("the other: %v, %v", ix, err)
	}
	list := b.List(&blob.ListOptions{Prefix: ours.prefix()})
	if o, err := list.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("left: %v, %v", o, err)
	}
}

func TestParts(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	s := Stream{Parts: []Part{
		{Lines: 3, First: at(0), Last: at(2)},
		{Lines: 1, First: at(3), Last: at(3)},
		{Continues: true},
		{Continues: true, Lines: 5, First: at(3), Last: at(9)},
	}}
	for second, want := range map[int]int{-5: 0, 0: 0, 2: 0, 3: 1, 4: 1, 9: 1, 10: 4} {
		if got := s.PartAt(at(second)); got != want {
			t.Errorf("second %d is in part %d, want %d", second, got, want)
		}
	}
	for line, want := range map[int64]int{0: 0, 2: 0, 3: 1, 4: 3, 8: 3, 9: 4} {
		if got := s.PartOfLine(line); got != want {
			t.Errorf("line %d is in part %d, want %d", line, got, want)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for url, says := range map[string]string{
		"":                       "want file://",
		"ftp://x":                "want file://",
		"file:///proc/1/nowhere": "opening the archive file:///proc/1/nowhere",
		"s3://bucket?nonsense=1": "opening the archive s3://bucket",
		"://":                    "cannot be parsed",
	} {
		if _, err := bucket.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error that says %q", url, err, says)
		}
	}
}

// measure agrees with what the Writer counts, whatever is printed.
func FuzzMeasure(f *testing.F) {
	f.Add([]byte("a\nb\n"), uint64(1))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		var raw []byte
		want := Part{}
		for i, line := range bytes.Split(text, newline) {
			at := noon.Add(time.Duration(random.IntN(5)) * time.Millisecond)
			raw = append(append(append(lines.AppendStamp(raw, at), line...), bytes.Repeat([]byte("x"), random.IntN(2)*random.IntN(100_000))...), '\n')
			want.Lines++
			if i == 0 || at.Before(want.First) {
				want.First = at
			}
			if at.After(want.Last) {
				want.Last = at
			}
		}
		want.Bytes = int64(len(raw))
		got, open, err := measure(bytes.NewReader(raw), false)
		if err != nil || open || got != want {
			t.Errorf("got %+v, open %v, %v; want %+v", got, open, err, want)
		}
	})
}
