// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/redact"
)

const password = `hunter2 & "friends"`

// archives makes a follower archive into a folder. stop ends both, as a controller does when it is stopped.
func archives(t *testing.T, r *reading, bucket *blob.Bucket) (stop func()) {
	t.Helper()
	w, err := archive.NewWriter(archive.WriterOptions{
		Bucket: bucket, SpoolDir: t.TempDir(), SpoolBytes: 1 << 30, PartBytes: 64 << 10, PartAge: time.Hour, Retry: wait.Backoff{Duration: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.f.Archive, r.f.ArchiveDeadline = w, time.Minute
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return func() {
		r.f.Stop()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// leaks prints lines with the password in several forms, and one long line.
func leaks(k *kubelet, from, to int) {
	forms := []string{password, url.QueryEscape(password), base64.StdEncoding.EncodeToString([]byte(password)), fmt.Sprintf("%q", password), fmt.Sprintf("%x", password)}
	for i := from; i < to; i++ {
		text := fmt.Sprintf("line %d of %s.", i, forms[i%len(forms)])
		if i%50 == 7 {
			text += strings.Repeat(" again "+forms[i%len(forms)], 1500)
		}
		k.print(noon.Add(time.Duration(i)*200*time.Millisecond), text)
	}
}

// A log that is archived redacted has each line once and none of the values, even if connections break within a value
// and another controller goes on.
func TestCase46ArchiveIsRedacted(t *testing.T) {
	for seed := range uint64(4) {
		k := newKubelet()
		k.cuts = rand.New(rand.NewPCG(seed, 3))
		folder := t.TempDir()
		bucket, err := bucket.Open(t.Context(), "file://"+folder)
		if err != nil {
			t.Fatal(err)
		}
		known := redact.New([]string{password})
		first := follows(t, k, time.Minute)
		stop := archives(t, first, bucket)
		first.subject.Fresh, first.subject.Redacted, first.subject.Redact = true, true, known
		leaks(k, 0, 60)
		first.until("some of it is read", func(s lifecycle.LogState) bool { return s.Lines > 30 })
		stop()
		second := follows(t, k, time.Minute)
		stop = archives(t, second, bucket)
		second.subject.Redacted, second.subject.Redact = true, known
		leaks(k, 60, 100)
		k.exit()
		second.container("1", true)
		second.until("it is archived", func(s lifecycle.LogState) bool { return s.Drained && s.Archived })
		second.f.Release(second.subject.Key)
		stop()

		e := archive.Execution{Namespace: "ns", Name: "run", UID: "execution"}
		reader := archive.NewReader(bucket)
		ix, err := reader.Index(t.Context(), e)
		if err != nil || !ix.Redacted || len(ix.Streams) != 1 {
			t.Fatalf("seed %d: index %+v, %v", seed, ix, err)
		}
		got, err := io.ReadAll(reader.Open(t.Context(), ix, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(strings.TrimSuffix(string(got), "\n"), "\n"); len(lines) != 100 {
			t.Errorf("seed %d: %d lines", seed, len(lines))
		} else {
			for i, line := range lines {
				if want := fmt.Sprintf("line %d of %s.", i, redact.Marker); !strings.Contains(strings.ReplaceAll(line, `"`, ""), want) {
					t.Errorf("seed %d: line %d is %.200s", seed, i, line)
				}
			}
		}
		hasNothingOf(t, folder)
	}
}

// hasNothingOf fails the test if the password is in a file of a folder.
func hasNothingOf(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, form := range []string{"hunter2", "68756e74657232", "aHVudGVyMi"} {
			if strings.Contains(string(raw), form) {
				t.Errorf("%s has %s", path, form)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// If the values are unknown, nothing is archived, and the log says so.
func TestCase46NothingIsArchivedWithoutTheValues(t *testing.T) {
	k := newKubelet()
	folder := t.TempDir()
	bucket, err := bucket.Open(t.Context(), "file://"+folder)
	if err != nil {
		t.Fatal(err)
	}
	r := follows(t, k, time.Minute)
	stop := archives(t, r, bucket)
	defer stop()
	r.subject.Redacted = true
	leaks(k, 0, 10)
	k.exit()
	r.container("1", true)
	state := r.until("it is settled", lifecycle.LogState.Settled)
	if state.GaveUp != v1alpha1.ReasonLogsNotRedactable || state.Archived || state.Drained {
		t.Errorf("got %+v", state)
	}
	hasNothingOf(t, folder)
}
