// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// Logs come through the API server from a faulty node. Each line is archived once and in order, the tail has the newest
// lines, and the log is complete. The controller restarts in the middle.
func TestCase11LogsOfANodeOnABadDay(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			node := newKubelet(t, seed)
			ns, url := namespace(t), "file://"+t.TempDir()
			archived := archives(t, url)
			stop := operator(t, archived)
			create(t, newTask(ns))
			e := newExecution(ns)
			create(t, e)
			job := jobOf(t, e)
			pod := podOn(t, job, node.node)
			runs(t, pod)
			const total = 3000
			// The timestamps do not jump when the test machine stalls: that would look like a rotation.
			begun := time.Now()
			printed := func(from, to int) {
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for i := from; i < to; i++ {
					node.printAbout(begun.Add(time.Duration(i)*200*time.Microsecond), fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%7*20)))
					if i%5 == 0 {
						<-tick.C
					}
				}
			}
			printed(0, total/2)
			eventually(t, "some of it is mirrored", func() (bool, any) {
				read(t, e)
				return e.Status.LogSummary != nil && e.Status.LogSummary.Entries > 0, e.Status
			})
			stop()
			printed(total/2, total*2/3)
			operator(t, archived)
			printed(total*2/3, total)
			node.exit()
			exits(t, pod, 0, "")
			ends(t, job, batchv1.JobComplete)
			captured := capturedLog(t, e)
			t.Logf("%d requests: %v", node.requests, maps.Clone(node.faults))
			if captured.Status != metav1.ConditionTrue || !e.Status.LogSummary.Complete || !e.Status.LogSummary.Archived {
				t.Errorf("captured: %+v, summary %+v", captured, e.Status.LogSummary)
			}
			if got := e.Status.LogSummary.Entries; got != total {
				t.Errorf("%d lines are counted of %d", got, total)
			}
			tail := messages(e)
			if last := tail[len(tail)-2]; !strings.HasPrefix(last, fmt.Sprintf("line %d", total-1)) {
				t.Errorf("the tail ends with %q", last)
			}
			log := archivedText(t, url, e)
			for i, text := range log {
				if !strings.HasPrefix(text, fmt.Sprintf("line %d ", i)) {
					t.Fatalf("line %d of %d in the archive is %q", i, len(log), text)
				}
			}
			if len(log) != total {
				t.Errorf("%d lines of %d are archived", len(log), total)
			}
		})
	}
}

// archives makes the operator read logs from the API server and archive them in small parts.
func archives(t *testing.T, url string) func(*controllers.Options) {
	return func(o *controllers.Options) {
		o.LogSource, o.LogPatience = nil, time.Minute
		o.Archive.URL, o.Archive.SpoolDir, o.Archive.PartBytes = url, t.TempDir(), 64<<10
		o.Archive.PartAge = 50 * time.Millisecond
	}
}

// 500 identical lines with one timestamp come over several connections. Each is counted once.
func TestCase12IdenticalLinesAcrossReconnects(t *testing.T) {
	const total, before = 500, 200
	node := newKubelet(t, 12)
	node.steady = true
	between := proxiedNode(t, node)
	ns, url := namespace(t), "file://"+t.TempDir()
	operator(t, archives(t, url))
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOn(t, job, node.node)
	runs(t, pod)
	at := time.Now().UTC()
	printed := func(lines int) {
		for range lines {
			node.printAt(at, "the same")
		}
		between.Cut() // within or after what is being read
	}
	counted := func(lines int64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d lines are read", lines), func() (bool, any) {
			read(t, e)
			return e.Status.LogSummary != nil && e.Status.LogSummary.Entries >= lines, e.Status.LogSummary
		})
	}
	printed(before)
	counted(before)
	between.Cut()
	printed(total - before)
	counted(total)
	node.exit()
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	captured := capturedLog(t, e)
	if captured.Status != metav1.ConditionTrue || e.Status.LogSummary.Entries != total {
		t.Errorf("captured: %+v, summary %+v", captured, e.Status.LogSummary)
	}
	log := archivedText(t, url, e)
	for _, text := range log {
		if text != "the same " {
			t.Fatalf("the archive has %q", text)
		}
	}
	if len(log) != total {
		t.Errorf("%d lines of %d are archived", len(log), total)
	}
	if node.requests < 3 {
		t.Errorf("%d requests only, which tests little", node.requests)
	}
}

// The object store becomes unavailable mid-log. The run ends meanwhile, and its phase does not wait. When the store is
// back, all lines are uploaded.
func TestCase17ArchiveThatComesBack(t *testing.T) {
	const total = 400
	node := newKubelet(t, 17)
	node.steady = true
	url, away := buckettest.S3ThatGoes(t)
	ns := namespace(t)
	operator(t, archives(t, url))
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOn(t, job, node.node)
	runs(t, pod)
	for i := range total {
		node.print(fmt.Sprintf("line %d", i))
		if i == total/2 {
			eventually(t, "some of it is archived", func() (bool, any) { return anyArchived(t, url, e), i })
			away.Store(true)
		}
	}
	node.exit()
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	eventually(t, "the log was read and waits for the archive", func() (bool, any) {
		read(t, e)
		c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
		return c.Reason == v1alpha1.ReasonLogsArchiving && !e.Status.LogSummary.Complete, e.Status
	})
	away.Store(false)
	if captured := capturedLog(t, e); captured.Status != metav1.ConditionTrue || !e.Status.LogSummary.Archived || e.Status.LogSummary.Entries != total {
		t.Errorf("captured: %+v, summary %+v", captured, e.Status.LogSummary)
	}
	log := archivedText(t, url, e)
	for i, text := range log {
		if text != fmt.Sprintf("line %d ", i) {
			t.Fatalf("line %d of %d in the archive is %q", i, len(log), text)
		}
	}
	if len(log) != total {
		t.Errorf("%d lines of %d are archived", len(log), total)
	}
}

// anyArchived reports whether the archive has any line of an execution.
func anyArchived(t *testing.T, url string, e *v1alpha1.TaskExecution) bool {
	t.Helper()
	bucket, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	ix, err := archive.NewReader(bucket).Index(t.Context(), archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID})
	return err == nil && ix != nil && len(ix.Streams) == 1 && ix.Streams[0].Lines() > 0
}

// An unwritable archive delays no phase, and the operator stops waiting for it at its deadline.
func TestCase17ArchiveThatIsAway(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	ns := namespace(t)
	operator(t, func(o *controllers.Options) {
		o.Archive.URL = "s3://logs?region=us-east-1&use_path_style=true&endpoint=http://127.0.0.1:1"
		o.Archive.SpoolDir, o.Archive.Deadline = t.TempDir(), 20*time.Second
	})
	create(t, newTask(ns))
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	pod := podOf(t, job)
	runs(t, pod)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if c := apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured); c.Reason != v1alpha1.ReasonLogsArchiving {
		t.Errorf("the phase was written with %+v", c)
	}
	captured := capturedLog(t, e)
	if captured.Reason != v1alpha1.ReasonLogsArchiveUnavailable || e.Status.LogSummary.Complete || !strings.Contains(captured.Message, "1 lines") {
		t.Errorf("captured: %+v, summary %+v", captured, e.Status.LogSummary)
	}
	if tail := messages(e); !strings.Contains(strings.Join(tail, "|"), "line of main") {
		t.Errorf("the tail is %q", tail)
	}
}

// podOn is podOf on a given node.
func podOn(t *testing.T, job *batchv1.Job, node string) *corev1.Pod {
	t.Helper()
	job = job.DeepCopy()
	job.Spec.Template.Spec.NodeName = node
	return podOf(t, job)
}

// capturedLog waits until the log is final, and returns its condition.
func capturedLog(t *testing.T, e *v1alpha1.TaskExecution) (captured *metav1.Condition) {
	t.Helper()
	eventually(t, "there is a last word on the log", func() (bool, any) {
		read(t, e)
		captured = apimeta.FindStatusCondition(e.Status.Conditions, v1alpha1.ConditionLogsCaptured)
		return captured != nil && captured.Status != metav1.ConditionUnknown, e.Status.Conditions
	})
	return captured
}

// archivedText returns the archived lines of an execution's first container.
func archivedText(t *testing.T, url string, e *v1alpha1.TaskExecution) (text []string) {
	t.Helper()
	bucket, err := bucket.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	reader := archive.NewReader(bucket)
	ix, err := reader.Index(t.Context(), archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID})
	if err != nil || ix == nil || len(ix.Streams) != 1 {
		t.Fatalf("index %+v, %v", ix, err)
	}
	raw, err := io.ReadAll(reader.Open(t.Context(), ix, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for log := lines.NewReader(bytes.NewReader(raw)); ; {
		line, err := log.Next()
		if line.Whole {
			text = append(text, string(line.Head)+" ")
		}
		if errors.Is(err, io.EOF) {
			return text
		}
	}
}
