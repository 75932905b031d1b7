// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// reading is a Follower of one execution with one container.
type reading struct {
	t       *testing.T
	f       *Follower
	woken   chan struct{}
	subject Subject
}

func follows(t *testing.T, logs source.Source, patience time.Duration) *reading {
	t.Helper()
	r := &reading{t: t, woken: make(chan struct{}, 1)}
	r.f = New(Options{
		Source: logs, Patience: patience, Clock: clock.RealClock{},
		Turns:     turns.New(turns.Limits{Total: 2, Turn: time.Minute}, clock.RealClock{}),
		Flush:     FlushOptions{Interval: 5 * time.Millisecond, MaxInterval: 20 * time.Millisecond, BytesPerSecond: 1 << 30},
		Reconnect: wait.Backoff{Duration: time.Millisecond},
		Notify: func(types.NamespacedName) {
			select {
			case r.woken <- struct{}{}:
			default:
			}
		},
	})
	t.Cleanup(r.f.Stop)
	r.subject = Subject{Key: types.NamespacedName{Namespace: "ns", Name: "run"}, UID: "execution", Pods: []types.UID{"pod-uid"}, MaxEntries: 10000, MaxBytes: 1 << 20}
	r.container("1", false)
	return r
}

// container adds a run of the container, as its pod's status shows it.
func (r *reading) container(id string, ended bool) {
	run := source.ContainerRun{Namespace: "ns", Pod: "pod", PodUID: "pod-uid", Container: "main", Role: source.Main, ContainerID: id, Ended: ended}
	if ended {
		run.FinishedAt = time.Now().Truncate(time.Second)
	}
	for i := range r.subject.Runs {
		if r.subject.Runs[i].ContainerID == id {
			r.subject.Runs[i] = run
			return
		}
	}
	r.subject.Runs = append(r.subject.Runs, run)
}

// until syncs each time it is notified, until the condition holds.
func (r *reading) until(what string, condition func(lifecycle.LogState) bool) lifecycle.LogState {
	r.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		state := r.f.Sync(r.subject)
		if condition(state) {
			return state
		}
		select {
		case <-r.woken:
		case <-deadline:
			r.t.Fatalf("within 20 s it did not come true that %s: %d lines, drained %v, gave up %q", what, state.Lines, state.Drained, state.GaveUp)
		}
	}
}

func drained(s lifecycle.LogState) bool { return s.Drained }

func texts(s lifecycle.LogState) (out []string) {
	for i := range s.Tail {
		out = append(out, s.Tail[i].Message)
	}
	return out
}

// Connections are cut at every place, cleanly or not. Each line comes once and in order.
func TestCase11BrokenConnectionsLoseAndRepeatNothing(t *testing.T) {
	const lines = 400
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			k := newKubelet()
			k.cuts = rand.New(rand.NewPCG(seed, 1))
			r := follows(t, k, time.Minute)
			r.f.Sync(r.subject)
			var want []string
			for i := range lines {
				text := fmt.Sprintf("line %d", i)
				if i%3 == 0 {
					text = "the same"
				}
				want = append(want, text)
				k.print(noon.Add(time.Duration(i/5)*137*time.Millisecond), text)
			}
			k.exit()
			r.container("1", true)
			state := r.until("the log is drained", drained)
			if got := texts(state); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("printed %s\nread %s", countByText(want), countByText(got))
			}
			if state.Lines != lines || k.opened < 3 {
				t.Errorf("%d lines over %d connections", state.Lines, k.opened)
			}
		})
	}
}

// The end of a response is not the end of the container.
func TestEndOfResponseIsNotEndOfContainer(t *testing.T) {
	k := newKubelet()
	k.exited = true // each response ends after the existing lines
	r := follows(t, k, time.Minute)
	k.print(noon, "first")
	r.until("the first line is read", func(s lifecycle.LogState) bool { return s.Lines == 1 && !s.Drained })
	k.print(noon.Add(time.Second), "second")
	r.until("the second line is read", func(s lifecycle.LogState) bool { return s.Lines == 2 && !s.Drained })
	r.container("1", true)
	if state := r.until("the log is drained", drained); state.Lines != 2 {
		t.Errorf("%d lines", state.Lines)
	}
}

func TestLogOfAPodThatIsGoneIsAGap(t *testing.T) {
	k := newKubelet()
	k.refused = apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "pod")
	r := follows(t, k, time.Minute)
	r.f.Sync(r.subject)
	r.subject.Pods, r.subject.Runs = nil, nil
	state := r.until("it is given up", lifecycle.LogState.Settled)
	if state.Drained || state.GaveUp != v1alpha1.ReasonLogsPodGone {
		t.Errorf("drained %v, gave up %q", state.Drained, state.GaveUp)
	}
}

func TestPatienceEnds(t *testing.T) {
	k := newKubelet()
	k.refused = apierrors.NewGenericServerResponse(http.StatusInternalServerError, "get", schema.GroupResource{}, "", "kubelet is away", 0, true)
	r := follows(t, k, 50*time.Millisecond)
	r.container("1", true)
	state := r.until("it is given up", lifecycle.LogState.Settled)
	if state.GaveUp != v1alpha1.ReasonLogsUnavailable {
		t.Errorf("gave up for %q", state.GaveUp)
	}
}

func TestPatienceDoesNotBeginBeforeAContainerDoes(t *testing.T) {
	r := follows(t, newKubelet(), time.Nanosecond)
	r.subject.Runs = nil
	if state := r.f.Sync(r.subject); state.Waited != 0 || state.GaveUp != "" {
		t.Errorf("waited %s, gave up %q", state.Waited, state.GaveUp)
	}
}

func TestAttemptsFollowEachOther(t *testing.T) {
	k := newKubelet()
	k.print(noon, "attempt")
	k.exit()
	r := follows(t, k, time.Minute)
	r.container("1", true)
	r.until("the first is read", drained)
	r.container("2", true)
	if state := r.until("both are read", func(s lifecycle.LogState) bool { return s.Drained && s.Attempts == 2 }); state.Lines != 2 {
		t.Errorf("%d lines of two attempts", state.Lines)
	}
}

func TestFlushIsDueOnceForWhatIsNew(t *testing.T) {
	k := newKubelet()
	r := follows(t, k, time.Minute)
	k.print(noon, "first")
	state := r.until("a flush is due", func(s lifecycle.LogState) bool { return s.Due })
	r.f.Flushed(r.subject.Key, state.Lines, 100)
	if r.f.Sync(r.subject).Due {
		t.Error("a flush is due with nothing new")
	}
	k.print(noon, "second")
	r.until("the next flush is due", func(s lifecycle.LogState) bool { return s.Due && s.Lines == 2 })
}

func TestForgetEndsTheReading(t *testing.T) {
	k := newKubelet()
	r := follows(t, k, time.Minute)
	k.print(noon, "first")
	r.until("it is read", func(s lifecycle.LogState) bool { return s.Lines == 1 })
	r.f.Forget(r.subject.Key)
	if n := r.f.Streams(); n != 0 {
		t.Errorf("%d streams", n)
	}
}

// TestStopBesideASync stops the manager during a reconcile. The race detector checks it.
func TestStopBesideASync(t *testing.T) {
	k := newKubelet()
	for range 50 {
		r := follows(t, k, time.Minute)
		begun := make(chan struct{})
		var looks sync.WaitGroup
		looks.Go(func() {
			close(begun)
			r.f.Sync(r.subject)
		})
		<-begun
		r.f.Stop()
		looks.Wait()
		before := k.requests()
		r.container("2", false)
		r.f.Sync(r.subject)
		r.f.Stop() // waits for whatever that Sync has begun
		if after := k.requests(); after != before {
			t.Fatalf("%d logs were opened after Stop", after-before)
		}
	}
}

func TestAnotherExecutionOfTheNameStartsAnew(t *testing.T) {
	k := newKubelet()
	r := follows(t, k, time.Minute)
	k.print(noon, "first")
	r.until("it is read", func(s lifecycle.LogState) bool { return s.Lines == 1 })
	r.subject.UID, r.subject.Runs = "another", nil
	if state := r.f.Sync(r.subject); state.Lines != 0 || r.f.Streams() != 0 {
		t.Errorf("%d lines, %d streams of the one before", state.Lines, r.f.Streams())
	}
}

func TestLinesAreReadInBoundedMemory(t *testing.T) {
	const long = 5 << 20
	k := newKubelet()
	k.print(noon, strings.Repeat("x", long))
	k.print(noon, "short")
	k.exit()
	r := follows(t, k, time.Minute)
	r.container("1", true)
	state := r.until("the log is drained", drained)
	if state.Lines != 2 || state.Bytes != long+1+int64(len("short\n")) {
		t.Errorf("%d lines of %d bytes", state.Lines, state.Bytes)
	}
	if got := state.Tail[0].Message; len(got) > 4096 || !strings.Contains(got, "bytes more") {
		t.Errorf("a message of %d bytes", len(got))
	}
}
