// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// archivedRun returns a facade with a finished run. The archive has its log of 40 lines, and its status the last two.
func archivedRun(t *testing.T, url string) *logFacade {
	t.Helper()
	f := newLogFacade()
	f.store.executions["run"].Namespace = "default"
	f.start()
	f.kubelet.print(40)
	f.end()
	bucket, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	w, err := archive.NewWriter(archive.WriterOptions{Bucket: bucket, SpoolDir: t.TempDir(), SpoolBytes: 1 << 20, PartBytes: 300, PartAge: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	l := w.Begin(archive.Execution{Namespace: "default", Name: "run", UID: "uid"}, true)
	s := l.Stream(&source.ContainerRun{Pod: "pod", PodUID: "pod-uid", Container: "main", ContainerID: "c1", Role: source.Main, StartedAt: logStart})
	for i := range f.kubelet.lines {
		s.Line(f.kubelet.at[i], []byte(f.kubelet.lines[i]), true)
	}
	s.End()
	l.End()
	until(t, "the log is archived", func() bool { return l.State().Settled })
	status := &f.store.executions["run"].Status
	status.LogSummary = &v1alpha1.LogSummary{Complete: true, Archived: true, Entries: 40, DroppedEntries: 38}
	for i := 38; i < 40; i++ {
		status.Logs = append(status.Logs, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(f.kubelet.at[i]), Level: v1alpha1.LogInfo, Message: f.kubelet.lines[i]})
	}
	f.logs.Archive = archive.NewReader(bucket)
	return f
}

// podGone removes the pod, so that only the archive and the tail are left.
func (f *logFacade) podGone() {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.pods = nil
}

func inS3(t *testing.T) (f *logFacade, away *atomic.Bool) {
	t.Helper()
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	url, away := buckettest.S3ThatGoes(t)
	return archivedRun(t, url), away
}

func wantComplete(t *testing.T, page logs.LogPage, complete bool, reason string, sources string) {
	t.Helper()
	if page.Complete == nil || *page.Complete != complete || page.Reason != reason || strings.Join(page.Sources, ",") != sources || (reason == "") != (page.Message == "") {
		t.Errorf("got complete %v, %s (%s), from %v; want %v, %s, from %s", page.Complete, page.Reason, page.Message, page.Sources, complete, reason, sources)
	}
}

// While the archive's store is away, a log is served from its pod, or as the tail in the status. The answer says that
// the archive is away.
func TestCase39LogWithTheStoreAway(t *testing.T) {
	f, away := inS3(t)
	api := f.handler(DefaultOptions())
	page := ok[logs.LogPage](t, api, "GET", logPath+"?limit=10", "")
	wantComplete(t, page, true, "", "archive")
	away.Store(true)

	fromPod := ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", "")
	wantComplete(t, fromPod, false, "ArchiveAway", "pod")
	if messagesOf(&fromPod) != f.kubelet.text() || !fromPod.End {
		t.Errorf("the pod gives %q", messagesOf(&fromPod))
	}
	if next := ok[logs.LogPage](t, api, "GET", logPath+"?limit=10&cursor="+page.NextCursor, ""); len(next.Entries) != 10 || next.Reason != "ArchiveAway" {
		t.Errorf("a cursor of the archive gives %+v", next)
	}

	f.podGone()
	tail := ok[logs.LogPage](t, api, "GET", logPath, "")
	wantComplete(t, tail, false, "ArchiveAway", "tail")
	if len(tail.Entries) != 2 || !tail.End || strings.Contains(tail.Message, "127.0.0.1") || !strings.Contains(tail.Message, "archive") {
		t.Errorf("the tail is %+v", tail)
	}
	w := call(t, api, "GET", logPath, "", "Accept", "text/plain")
	if w.Header().Get("Log-Complete") != "false" || w.Header().Get("Log-Reason") != "ArchiveAway" || strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("text: %v %q", w.Header(), w.Body)
	}
	if w := call(t, api, "GET", logPath+"?follow=true", ""); !strings.Contains(w.Body.String(), `"complete":false,"reason":"ArchiveAway"`) {
		t.Errorf("events: %q", w.Body)
	}
	// Content that only the archive has is unavailable, not gone, and the error does not blame Kubernetes.
	for _, query := range []string{"?cursor=" + page.NextCursor, "?container=sidecar", "?attempt=1"} {
		w := call(t, api, "GET", logPath+query, "")
		wantProblem(t, w, 503, "archive of logs cannot be read")
		if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "Kubernetes") {
			t.Errorf("%s: %q", query, w.Body)
		}
	}

	away.Store(false)
	page = ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", "")
	wantComplete(t, page, true, "", "archive")
}

// An archive that accepts a request and does not answer delays the answer by a few seconds at most.
func TestCase39LogWithAStoreThatHangs(t *testing.T) {
	hang, hangs := make(chan struct{}), atomic.Bool{}
	url := buckettest.S3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hangs.Load() {
				select {
				case <-hang:
				case <-r.Context().Done():
				}
				return
			}
			store.ServeHTTP(w, r)
		})
	})
	defer close(hang)
	f := archivedRun(t, url)
	f.podGone()
	f.logs.ArchivePatience = 50 * time.Millisecond
	hangs.Store(true)
	page := ok[logs.LogPage](t, f.handler(DefaultOptions()), "GET", logPath, "")
	wantComplete(t, page, false, "ArchiveAway", "tail")
}

// If somebody removed the archive or a part of it, the rest is served and is not called complete.
func TestCase37LogWhoseArchiveIsGone(t *testing.T) {
	for name, remove := range map[string]func(t *testing.T, folder string){
		"all of it": func(t *testing.T, folder string) {
			if err := os.RemoveAll(filepath.Join(folder, "default")); err != nil {
				t.Fatal(err)
			}
		},
		"a part": func(t *testing.T, folder string) {
			parts, err := filepath.Glob(filepath.Join(folder, "default", "uid", "*", "*", "*", "00000001.log"))
			if err != nil || len(parts) != 1 {
				t.Fatal(parts, err)
			}
			if err := os.Remove(parts[0]); err != nil {
				t.Fatal(err)
			}
		},
		"the index is damaged": func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, "default", "uid", "index.json"), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			f := archivedRun(t, "file://"+folder)
			f.podGone()
			api := f.handler(DefaultOptions())
			wantComplete(t, ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", ""), true, "", "archive")
			remove(t, folder)
			page := ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", "")
			wantComplete(t, page, false, "ArchiveGone", "tail")
			if len(page.Entries) != 2 {
				t.Errorf("%d entries", len(page.Entries))
			}
			w := call(t, api, "GET", logPath, "", "Accept", "text/plain")
			if w.Code != 200 || w.Header().Get("Log-Reason") != "ArchiveGone" || strings.Count(w.Body.String(), "\n") != 2 {
				t.Errorf("text: %d %v %q", w.Code, w.Header(), w.Body)
			}
		})
	}
}

// Without an archive, complete is about the served entries, too.
func TestCase37CompleteIsOfWhatIsServed(t *testing.T) {
	f := newLogFacade()
	f.start()
	f.kubelet.print(40)
	f.end()
	api := f.handler(DefaultOptions())
	status := &f.store.executions["run"].Status
	status.LogSummary = &v1alpha1.LogSummary{Complete: true, Entries: 40, DroppedEntries: 38}
	wantComplete(t, ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", ""), true, "", "pod")
	f.kubelet.change(func() { f.kubelet.lines, f.kubelet.at = f.kubelet.lines[10:], f.kubelet.at[10:] })
	wantComplete(t, ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", ""), false, "Rotated", "pod")
	f.podGone()
	wantComplete(t, ok[logs.LogPage](t, api, "GET", logPath, ""), false, "TailOnly", "tail")
	status.LogSummary.DroppedEntries = 0
	wantComplete(t, ok[logs.LogPage](t, api, "GET", logPath, ""), true, "", "tail")
}

// A log that is kept redacted is not read from its pod, which has the values. The archive or the tail is served.
func TestCase46RedactedLogIsNotReadFromThePod(t *testing.T) {
	f := archivedRun(t, "file://"+t.TempDir())
	f.store.pods[0].Annotations[v1alpha1.AnnotationLogArchive] = string(v1alpha1.LogArchiveRedacted)
	api := f.handler(DefaultOptions())
	wantComplete(t, ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", ""), true, "", "archive")
	f.logs.Archive = nil
	f.store.executions["run"].Status.LogSummary.Archived = false
	page := ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", "")
	wantComplete(t, page, false, "TailOnly", "tail")
	f.store.executions["run"].Status.Phase = v1alpha1.PhaseRunning
	page = ok[logs.LogPage](t, api, "GET", logPath+"?limit=100", "")
	if len(page.Entries) != 2 || page.End || page.Complete != nil || strings.Join(page.Sources, ",") != "tail" {
		t.Errorf("while it runs: %+v", page)
	}
	if w := call(t, api, "GET", logPath, "", "Accept", "text/plain"); strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("text while it runs: %q", w.Body)
	}
	if f.kubelet.open > 0 || f.kubelet.follows > 0 {
		t.Error("the pod's log was read")
	}
}
