// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// fakeKubelet serves the log of one container.
type fakeKubelet struct {
	mu    sync.Mutex
	lines []string
	at    []time.Time
	// ended means that no more lines follow, and gone that the log no longer exists. partial was printed without a
	// newline.
	ended, gone bool
	partial     string
	// cut ends all open responses when it is increased.
	cut     int
	changed chan struct{}
	// open counts the open responses.
	open    int
	follows int
}

func newFakeKubelet() *fakeKubelet { return &fakeKubelet{changed: make(chan struct{})} }

var logStart = time.Date(2025, 11, 25, 11, 5, 0, 0, time.UTC)

// change changes the log and wakes its followers.
func (k *fakeKubelet) change(what func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	what()
	close(k.changed)
	k.changed = make(chan struct{})
}

// print adds lines: four with the same timestamp, and all but every third with the same text.
func (k *fakeKubelet) print(n int) {
	k.change(func() {
		for range n {
			i := len(k.lines)
			text := "the same line"
			if i%3 == 0 {
				text = fmt.Sprint("line ", i)
			}
			k.lines, k.at = append(k.lines, text), append(k.at, logStart.Add(time.Duration(i/4)*100*time.Millisecond))
		}
	})
}

func (k *fakeKubelet) text() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all string
	for _, l := range k.lines {
		all += l + "\n"
	}
	return all
}

func (k *fakeKubelet) Open(ctx context.Context, r source.Request) (io.ReadCloser, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gone {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), r.Pod)
	}
	k.open++
	if r.Follow {
		k.follows++
	}
	return &fakeBody{k: k, ctx: ctx, r: r, cut: k.cut}, nil
}

type fakeBody struct {
	k    *fakeKubelet
	ctx  context.Context //nolint:containedctx // as a response has that of its request
	r    source.Request
	cut  int
	next int
	rest []byte
	// given is how many bytes of the partial line were read.
	given  int
	closed bool
}

func (b *fakeBody) Read(p []byte) (int, error) {
	for {
		if len(b.rest) > 0 {
			n := copy(p, b.rest)
			b.rest = b.rest[n:]
			return n, nil
		}
		b.k.mu.Lock()
		changed := b.k.changed
		if b.k.cut != b.cut {
			b.k.mu.Unlock()
			return 0, io.EOF
		}
		for b.next < len(b.k.lines) && len(b.rest) < 1<<10 {
			if at := b.k.at[b.next]; !at.Before(b.r.Since) {
				b.rest = append(append(lines.AppendStamp(b.rest, at), b.k.lines[b.next]...), '\n')
			}
			b.next++
		}
		if len(b.rest) == 0 && b.given == 0 && b.k.partial != "" {
			b.rest, b.given = append(lines.AppendStamp(nil, b.k.at[len(b.k.at)-1]), b.k.partial...), 1
		}
		over := !b.r.Follow || b.k.ended
		b.k.mu.Unlock()
		switch {
		case len(b.rest) > 0:
		case over:
			return 0, io.EOF
		default:
			select {
			case <-changed:
			case <-b.ctx.Done():
				return 0, b.ctx.Err()
			}
		}
	}
}

func (b *fakeBody) Close() error {
	b.k.mu.Lock()
	defer b.k.mu.Unlock()
	if b.closed {
		return errors.New("closed twice")
	}
	b.closed = true
	b.k.open--
	return nil
}

// logFacade is a facade with one run that prints to a fake kubelet.
type logFacade struct {
	*server
	store   *fakeStore
	kubelet *fakeKubelet
}

func newLogFacade() *logFacade {
	k, store := newFakeKubelet(), newFakeStore()
	e := fixture.Execution("run", "sync", v1alpha1.PhasePending)
	e.UID = "uid"
	store.add(e)
	s := &server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, k, 100), timeout: time.Minute}
	s.logs.Wait = wait.Backoff{Duration: time.Millisecond}
	return &logFacade{s, store, k}
}

// start starts the run's container.
func (f *logFacade) start() {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod", UID: "pod-uid", Annotations: map[string]string{v1alpha1.AnnotationLogContainer: "main"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "main", ContainerID: "c1",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(logStart)}},
	}}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.pods = []corev1.Pod{pod}
	f.store.executions["run"].Status.Phase = v1alpha1.PhaseRunning
}

func (f *logFacade) end() {
	f.store.mu.Lock()
	status := &f.store.executions["run"].Status
	status.Phase = v1alpha1.PhaseCompleted
	status.LogSummary = &v1alpha1.LogSummary{Complete: true}
	status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonLogsComplete}}
	if len(f.store.pods) > 0 {
		pod := *f.store.pods[0].DeepCopy()
		pod.Status.Phase = corev1.PodSucceeded
		pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ContainerID: "c1", StartedAt: metav1.NewTime(logStart)}}
		f.store.pods = []corev1.Pod{pod}
	}
	f.store.mu.Unlock()
	f.kubelet.change(func() { f.kubelet.ended = true })
}

// wantIdle waits until no stream is open.
func (f *logFacade) wantIdle(t *testing.T) {
	t.Helper()
	until(t, "nobody reads logs", func() bool {
		f.kubelet.mu.Lock()
		defer f.kubelet.mu.Unlock()
		return f.kubelet.open == 0 && len(f.logs.Places) == 0
	})
}

// until waits for a condition that other goroutines bring about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("it never came about that %s", what)
		}
	}
}
