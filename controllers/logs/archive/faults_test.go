// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// budget is an S3 server that answers a number of requests and then fails, in a way that the driver does not retry.
type budget struct {
	left  atomic.Int64
	store http.Handler
	// loses reports whether a write is carried out and still answered with an error.
	loses func(left int64) bool
}

func (s *budget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	left := s.left.Add(-1)
	lost := r.Method == http.MethodPut && s.loses != nil && s.loses(left)
	if lost {
		s.store.ServeHTTP(httptest.NewRecorder(), r)
	}
	if left < 0 || lost {
		http.Error(w, "no more", http.StatusForbidden)
		return
	}
	s.store.ServeHTTP(w, r)
}

func limited(t *testing.T, requests int64) (*blob.Bucket, *budget) {
	t.Helper()
	s := &budget{}
	s.left.Store(requests)
	url := buckettest.S3(t, func(store http.Handler) http.Handler {
		s.store = store
		return s
	})
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return opened(t, url), s
}

// dying returns a Writer, and kill, which ends it without stopping it properly.
func dying(t *testing.T, b *blob.Bucket) (w *Writer, kill func()) {
	t.Helper()
	w, err := NewWriter(WriterOptions{
		Bucket: b, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 1000, PartAge: time.Hour,
		Retry: wait.Backoff{Duration: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, func() {
		w.die()
		w.wg.Wait()
	}
}

// A controller may die between any two requests, even before it gets the answer to the last one. The next controller
// goes on, and each line is archived once.
func TestDeathAfterAnyRequest(t *testing.T) {
	for n := range int64(14) {
		t.Run(fmt.Sprintf("after %d requests, the last answer lost %v", n/2, n%2 > 0), func(t *testing.T) {
			b, store := limited(t, n/2)
			store.loses = func(left int64) bool { return n%2 > 0 && left == -1 }
			first, kill := dying(t, b)
			l := first.Begin(ours, true)
			printed(l.Stream(&main), 0, 100)
			eventually(t, "the store fails, or has all", func() bool {
				l.mu.Lock()
				defer l.mu.Unlock()
				return l.failure != nil || (len(l.queue) == 0 && !l.dirty && !l.writing)
			})
			kill()
			store.left.Store(math.MaxInt64)
			l = writes(t, b, nil).Begin(ours, false)
			before, err := l.Restored(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			from := 0
			if before != nil {
				from = int(before.Streams[0].Lines())
			}
			s := l.Stream(&main)
			printed(s, from, 200)
			s.End()
			settled(t, l)
			if text, stream := archived(t, b, 0); text != numbered(0, 200) || len(stream.Gaps) > 0 {
				t.Errorf("%d lines, gaps %+v", strings.Count(text, "\n"), stream.Gaps)
			}
		})
	}
}

// If the answer to an upload is lost, the part is recognized later and not taken for another writer's.
func TestLostAnswers(t *testing.T) {
	b, store := limited(t, math.MaxInt64)
	store.loses = func(left int64) bool { return left%2 == 0 }
	l := writes(t, b, nil).Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 300)
	s.End()
	settled(t, l)
	if text, stream := archived(t, b, 0); text != numbered(0, 300) || len(stream.Gaps) > 0 {
		t.Errorf("%d lines, gaps %+v", strings.Count(text, "\n"), stream.Gaps)
	}
}

// Stopping keeps to its time limit, whatever the store does.
func TestStopWhileTheStoreIsAway(t *testing.T) {
	b, _ := limited(t, 0)
	w, err := NewWriter(WriterOptions{
		Bucket: b, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 1000, PartAge: time.Hour,
		Retry: wait.Backoff{Duration: time.Millisecond}, StopTimeout: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	printed(w.Begin(ours, true).Stream(&main), 0, 100)
	_ = w.Begin(Execution{Namespace: "team", Name: "other", UID: "uid-2"}, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the Writer does not stop")
	}
}

// A line that the full spool cut is ended before the next line begins, even if a part was closed within it.
func TestFullSpoolWithinALine(t *testing.T) {
	for name, size := range map[string]int{"in the part": 500, "at the end of a part": 1200} {
		t.Run(name, func(t *testing.T) {
			b, store := limited(t, 0)
			l := writes(t, b, func(o *WriterOptions) { o.SpoolBytes = 1500 + fileBytes }).Begin(ours, true)
			s := l.Stream(&main)
			x := bytes.Repeat([]byte("x"), size)
			s.Line(noon, x, false)
			s.More(bytes.Repeat([]byte("y"), 1500), false)
			s.More([]byte("z"), true)
			s.l.mu.Lock()
			s.closePart()
			s.l.mu.Unlock()
			store.left.Store(math.MaxInt64)
			eventually(t, "there is room again", func() bool { return l.State().Pending == 0 })
			printed(s, 1, 2)
			s.End()
			settled(t, l)
			text, stream := archived(t, b, 0)
			if want := string(lines.AppendStamp(nil, noon)) + string(x) + "\n" + numbered(1, 2); text != want {
				t.Errorf("got %q, want %q", text, want)
			}
			if want := []Gap{{AfterLine: 1, At: noon, Bytes: 1502, Reason: v1alpha1.ReasonLogsArchiveFull}}; fmt.Sprint(stream.Gaps) != fmt.Sprint(want) {
				t.Errorf("gaps %+v, want %+v", stream.Gaps, want)
			}
		})
	}
}

// A failing disk costs lines, which are counted, but no memory. When it works again, lines are accepted again.
func TestDiskThatFails(t *testing.T) {
	b := folder(t)
	var dir string
	w := writes(t, b, func(o *WriterOptions) { dir = o.SpoolDir })
	l := w.Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 10)
	s.l.mu.Lock()
	_ = s.file.Close() // so that writing to it fails
	s.l.mu.Unlock()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	printed(s, 10, 1000)
	state := l.State()
	var missing int64
	for _, g := range state.Gaps {
		missing += g.Lines
	}
	if missing != 1000 || len(state.Gaps) > 2 || state.Pending != 0 {
		t.Errorf("%d lines are said to be missing of 1000, in %d gaps; %d bytes pending", missing, len(state.Gaps), state.Pending)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	next := 1000
	eventually(t, "lines are taken again", func() bool {
		printed(s, next, next+1)
		next++
		return l.State().Pending > 0
	})
	s.End()
	settled(t, l)
	text, stream := archived(t, b, 0)
	if text != numbered(next-1, next) || len(stream.Gaps) != 1 || stream.Gaps[0].Lines != int64(next-1) || stream.Gaps[0].AfterLine != 0 {
		t.Errorf("%q, gaps %+v", text, stream.Gaps)
	}
}

// Lines that arrive after a log was abandoned or closed are dropped.
func TestStreamOfALogThatIsOver(t *testing.T) {
	for name, end := range map[string]func(*Log){
		"abandoned": func(l *Log) { l.Abandon(v1alpha1.ReasonLogsArchiveUnavailable) }, "closed": (*Log).Close, "ended": (*Log).End,
	} {
		t.Run(name, func(t *testing.T) {
			w := writes(t, folder(t), nil)
			l := w.Begin(ours, true)
			before := l.Stream(&main)
			end(l)
			printed(before, 0, 10)
			other := main
			other.Container = "other"
			printed(l.Stream(&other), 0, 10)
			if n := w.spooled.sum(); n != 0 {
				t.Errorf("%d bytes are spooled", n)
			}
			eventually(t, "its goroutine ends", func() bool {
				w.mu.Lock()
				defer w.mu.Unlock()
				return len(w.logs) == 0
			})
			if l.life.Err() == nil {
				t.Error("its context was not released")
			}
		})
	}
}

// If another writer has the rest of a stream, that rest is one gap. Its position counts archived lines.
func TestConflictIsOneGap(t *testing.T) {
	b := folder(t)
	l := writes(t, b, nil).Begin(ours, true)
	s := l.Stream(&main)
	taken := ours.partKey(&s.stream.StreamID, 1)
	if err := b.WriteAll(t.Context(), taken, []byte("of the other"), nil); err != nil {
		t.Fatal(err)
	}
	printed(s, 0, 50)
	s.Gap(Gap{Reason: "Rotated"})
	printed(s, 50, 100)
	s.End()
	settled(t, l)
	text, stream := archived(t, b, 0)
	kept := strings.Count(text, "\n")
	if text != numbered(0, kept) || kept == 0 {
		t.Errorf("got %q", text)
	}
	if len(stream.Gaps) != 2 || stream.Gaps[0].Reason != v1alpha1.ReasonLogsArchiveConflict || stream.Gaps[0].Lines != int64(100-kept) {
		t.Errorf("gaps %+v", stream.Gaps)
	}
	for _, g := range stream.Gaps {
		if g.AfterLine != int64(kept) {
			t.Errorf("gap %+v is after line %d, and %d are archived", g, g.AfterLine, kept)
		}
	}
	if there, err := b.ReadAll(t.Context(), taken); err != nil || string(there) != "of the other" {
		t.Errorf("the other's part is now %q, %v", there, err)
	}
}

// If somebody removes a spool file, the rest of the stream is lost, and the log is not held up.
func TestSpoolFileThatIsGone(t *testing.T) {
	b, store := limited(t, 0)
	var dir string
	l := writes(t, b, func(o *WriterOptions) { dir = o.SpoolDir }).Begin(ours, true)
	s := l.Stream(&main)
	printed(s, 0, 100)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	store.left.Store(math.MaxInt64)
	s.End()
	settled(t, l)
	if text, stream := archived(t, b, 0); text != "" || len(stream.Gaps) != 1 || stream.Gaps[0].Lines != 100 {
		t.Errorf("%q, gaps %+v", text, stream.Gaps)
	}
}

func TestNoErrorTellsASecret(t *testing.T) {
	for _, url := range []string{
		"s3://bucket?region=eu&access=hush", "gs://bucket?token=hush", "azblob://c?sas=hush", "file:///proc/1/x?key=hush",
		"ftp://user:hush@host/?key=hush", "s3://user:hush@bucket?x=hush and more hush", ":?hush", "s3://b?%zzhush",
	} {
		if _, err := bucket.Open(t.Context(), url); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q gives %v", url, err)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	b := opened(t, "s3://logs?region=us-east-1&use_path_style=true&endpoint=http://user:hush@127.0.0.1:1/%3Fsig=hush")
	w, kill := dying(t, b)
	defer kill()
	l := w.Begin(ours, false)
	eventually(t, "the failure shows", func() bool { return l.State().Failure != nil })
	failure := l.State().Failure
	if strings.Contains(failure.Error(), "hush") || len(failure.Error()) > 500 {
		t.Errorf("%v", failure)
	}
}

func TestWholePartsOnly(t *testing.T) {
	b, _, ix := aLogOf100(t)
	ix.Streams[0].Parts[1].Bytes++
	r := NewReader(b).Open(t.Context(), ix, 0, 0)
	if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), "part 1") {
		t.Errorf("a part that is too short: %v", err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after an error: %d bytes, %v", n, err)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"version":1,"namespace":"team","streams":[{"pod":"p","parts":[{"lines":3,"bytes":40,"first":"2026-01-02T12:00:00Z"}],"gaps":[{"reason":"x"}]}]}`), int64(1))
	f.Add([]byte(`{"version":2}`), int64(0))
	f.Add([]byte(`{"version":1,"streams":[{"parts":[{"lines":-1}]}]}`), int64(-1))
	f.Fuzz(func(t *testing.T, raw []byte, n int64) {
		ix, err := decodeIndex(raw)
		if err != nil {
			return
		}
		for i := range ix.Streams {
			s := &ix.Streams[i]
			if s.Lines() < 0 || s.Bytes() < 0 {
				t.Errorf("%d lines, %d bytes", s.Lines(), s.Bytes())
			}
			if p := s.PartOfLine(n); p < 0 || p > len(s.Parts) {
				t.Errorf("line %d is in part %d of %d", n, p, len(s.Parts))
			}
			if p := s.PartAt(time.Unix(n, 0)); p < 0 || p > len(s.Parts) {
				t.Errorf("second %d is in part %d of %d", n, p, len(s.Parts))
			}
		}
	})
}
