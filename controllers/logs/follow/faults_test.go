// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// record is a sink that keeps everything.
type record struct {
	text bytes.Buffer
	gaps []string
	open bool
}

func (r *record) line(_ time.Time, head []byte, whole bool) {
	r.open = true
	r.more(head, whole)
}

func (r *record) more(piece []byte, whole bool) {
	if !r.open {
		panic("a line goes on that did not begin")
	}
	r.text.Write(piece)
	if whole {
		r.text.WriteByte('\n')
		r.open = false
	}
}

func (r *record) cut() { r.open = false }

func (r *record) gap(reason string) { r.gaps = append(r.gaps, reason) }

func (r *record) headless(reason string) { r.gaps = append(r.gaps, "headless "+reason) }

// streamOf returns a stream of a scripted log into a record. finish tells it that the container has ended.
func streamOf(logs source.Source) (s *stream, got *record, finish func()) {
	got = &record{}
	ended := make(chan struct{})
	var finished atomic.Pointer[time.Time]
	finished.Store(&time.Time{})
	s = &stream{
		run:       source.ContainerRun{Namespace: "ns", Pod: "pod", Container: "main", ContainerID: "1"},
		source:    logs,
		turns:     turns.New(turns.Limits{Total: 1, Turn: time.Minute}, clock.RealClock{}),
		clock:     clock.RealClock{},
		sink:      got,
		ended:     ended,
		finished:  func() time.Time { return *finished.Load() },
		renamed:   func() bool { return false },
		gone:      func() bool { return false },
		reconnect: wait.Backoff{Duration: 100 * time.Millisecond},
		fileSize:  1 << 40,
	}
	return s, got, func() {
		now := time.Now().Truncate(time.Second)
		finished.Store(&now)
		close(ended)
	}
}

// reads starts reading a scripted log. done receives what is missing when the log was read to its end.
func reads(t *testing.T, k *kubelet) (got *record, finish func(), done <-chan string) {
	t.Helper()
	s, got, finish := streamOf(k)
	missing := make(chan string)
	go func() { missing <- s.read(t.Context()) }()
	return got, finish, missing
}

// Long lines are delivered in pieces and may be cut anywhere. What is delivered is what was printed, byte for byte.
func TestLongLinesSurviveBrokenConnections(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKubelet()
				k.cuts = rand.New(rand.NewPCG(seed, 2))
				k.cutOften = true
				random := rand.New(rand.NewPCG(seed, 3))
				got, finish, done := reads(t, k)
				var want strings.Builder
				for i := range 30 {
					text := strings.Repeat(fmt.Sprint(i%10), random.IntN(4)*random.IntN(60_000))
					want.WriteString(text + "\n")
					k.print(time.Now(), text)
					pass(time.Duration(random.IntN(600)) * time.Millisecond)
				}
				k.exit()
				finish()
				if missing := <-done; missing != "" || len(got.gaps) > 0 {
					t.Errorf("missing %q, gaps %q", missing, got.gaps)
				}
				if got.text.String() != want.String() {
					t.Errorf("%d bytes were printed, %d are there", want.Len(), got.text.Len())
				}
			})
		})
	}
}

func TestRotation(t *testing.T) {
	for name, c := range map[string]struct {
		script func(k *kubelet, finish func())
		want   string
		gaps   int
	}{
		"while somebody reads": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			synctest.Wait()
			k.rotate()
			k.print(time.Now(), "b")
			synctest.Wait()
			k.exit()
			finish()
		}, "a\nb\n", 0},
		"while nobody reads": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			synctest.Wait()
			k.disconnect()
			synctest.Wait()
			k.print(time.Now(), "b")
			k.rotate()
			k.print(time.Now(), "c")
			pass(time.Second)
			k.exit()
			finish()
		}, "a\nc\n", 1},
		"after the last line, and the end was seen": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			synctest.Wait()
			k.rotate()
			pass(5 * time.Second)
			k.exit()
			finish()
		}, "a\n", 0},
		"after the last line, and the end was not seen": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			synctest.Wait()
			k.disconnect()
			synctest.Wait()
			k.print(time.Now(), "b")
			k.rotate()
			k.exit()
			pass(5 * time.Second)
			finish()
		}, "a\n", 1},
		"long before the connection broke": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			synctest.Wait()
			k.rotate()
			pass(2 * time.Minute)
			k.disconnect()
			pass(time.Second)
			k.print(time.Now(), "b")
			pass(time.Second)
			k.exit()
			finish()
		}, "a\nb\n", 0},
		"within a line, and it is read again": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			k.print(time.Now(), "broken")
			synctest.Wait()
			k.rotateWithin(time.Now(), "ken")
			k.print(time.Now().Add(time.Millisecond), "b")
			k.print(time.Now().Add(2*time.Millisecond), "c")
			synctest.Wait()
			k.disconnect()
			synctest.Wait()
			k.print(time.Now().Add(3*time.Millisecond), "d")
			pass(time.Second)
			k.exit()
			finish()
		}, "a\nbroken\nb\nc\nd\n", 0},
		"within a very long line, and it is read again": {func(k *kubelet, finish func()) {
			k.print(time.Now(), strings.Repeat("x", 200_000))
			synctest.Wait()
			k.rotateWithin(time.Now(), strings.Repeat("x", 100_000))
			k.print(time.Now().Add(time.Millisecond), "b")
			synctest.Wait()
			k.exit()
			finish()
		}, strings.Repeat("x", 200_000) + "\nb\n", 0},
		"a new file begins with an early stamp": {func(k *kubelet, finish func()) {
			k.print(time.Now(), "a")
			synctest.Wait()
			k.disconnect()
			synctest.Wait()
			k.rotate()
			k.print(time.Now().Add(-time.Millisecond), "b")
			pass(10 * time.Second)
			k.exit()
			finish()
		}, "a\nb\n", 1},
		"within a long line": {func(k *kubelet, finish func()) {
			k.cutAt = 100_000
			k.print(time.Now(), strings.Repeat("x", 200_000))
			synctest.Wait()
			k.rotate()
			k.print(time.Now().Add(time.Second), "b")
			pass(2 * time.Second)
			k.exit()
			finish()
		}, strings.Repeat("x", 100_000-len("2000-01-01T00:00:00Z ")) + "\nb\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKubelet()
				got, finish, done := reads(t, k)
				c.script(k, finish)
				if missing := <-done; missing != "" {
					t.Errorf("missing %q", missing)
				}
				if got.text.String() != c.want || len(got.gaps) != c.gaps {
					t.Errorf("got %.60q, gaps %q; want %.60q and %d gaps", got.text.String(), got.gaps, c.want, c.gaps)
				}
			})
		})
	}
}

// A kubelet can lose lines at a rotation without saying so. A gap is suspected if the program printed fast, or within
// one long line.
func TestRotationAmidPrinting(t *testing.T) {
	fast := func(k *kubelet, lines int) {
		for range lines {
			k.print(time.Now(), strings.Repeat("x", 1000))
			pass(time.Millisecond)
		}
	}
	for name, c := range map[string]struct {
		script func(k *kubelet)
		gaps   int
	}{
		"fast": {func(k *kubelet) {
			fast(k, 500)
			k.rotate()
			fast(k, 500)
		}, 1},
		"fast, and rotated in a pause": {func(k *kubelet) {
			fast(k, 500)
			pass(3 * time.Second)
			k.rotate()
			fast(k, 5)
		}, 0},
		"slow": {func(k *kubelet) {
			fast(k, 50)
			k.rotate()
			fast(k, 50)
		}, 0},
		"within a long line": {func(k *kubelet) {
			k.print(time.Now(), "before")
			synctest.Wait()
			k.printRotated(time.Now(), strings.Repeat("x", 2*longLine), time.Now().Add(time.Second), "xxx")
		}, 1},
		"within a long line without a newline": {func(k *kubelet) {
			k.printCut(time.Now(), strings.Repeat("x", 2*longLine))
			pass(time.Second)
			k.rotateWithin(time.Now(), "xxx")
		}, 1},
		"a long line, not rotated": {func(k *kubelet) { k.print(time.Now(), strings.Repeat("x", 2*longLine)) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKubelet()
				s, got, finish := streamOf(k)
				s.fileSize = 100_000
				done := make(chan string)
				go func() { done <- s.read(t.Context()) }()
				c.script(k)
				k.exit()
				finish()
				if missing := <-done; missing != "" || len(got.gaps) != c.gaps {
					t.Errorf("missing %q, gaps %q, want %d", missing, got.gaps, c.gaps)
				}
			})
		})
	}
}

// A pause of the program while its reader is behind is no gap: the line before the pause is still in the file. A
// skipped file is a gap.
func TestJumpWhileBehind(t *testing.T) {
	for name, rotated := range map[string]bool{"a pause": false, "a file that was passed over": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKubelet()
				got, finish, done := reads(t, k)
				k.print(time.Now(), "a")
				synctest.Wait()
				old := time.Now()
				pass(5 * time.Second)
				k.print(old.Add(time.Second), "b") // read 4 s late
				synctest.Wait()
				if rotated {
					k.rotate()
				}
				k.print(time.Now(), "c")
				synctest.Wait()
				k.exit()
				finish()
				<-done
				if want := map[bool]int{false: 0, true: 1}[rotated]; len(got.gaps) != want || got.text.String() != "a\nb\nc\n" {
					t.Errorf("gaps %q, got %q", got.gaps, got.text.String())
				}
			})
		})
	}
}

// A connection that has caught up with many lines may hang at the end of an old file for ever.
func TestSilenceAfterCatchingUpMakesTheConnectionAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKubelet()
		for range 2000 {
			k.print(time.Now(), strings.Repeat("x", 99))
		}
		got, finish, done := reads(t, k)
		synctest.Wait()
		k.loseReaders() // rotated while they caught up, and the kubelet does not tell them
		k.rotate()
		k.print(time.Now(), "new file")
		pass(4 * time.Second)
		synctest.Wait()
		if !strings.HasSuffix(got.text.String(), "\nnew file\n") {
			t.Error("4 s later the new file is not read")
		}
		k.exit()
		finish()
		if missing := <-done; missing != "" || len(got.gaps) > 0 || k.opened != 3 {
			t.Errorf("missing %q, gaps %q, %d connections", missing, got.gaps, k.opened)
		}
	})
}

// A kubelet that restarts finds no log for a while, too.
func TestServerErrorsArePatientlyRetried(t *testing.T) {
	for _, refused := range []error{
		apierrors.NewGenericServerResponse(http.StatusInternalServerError, "get", schema.GroupResource{}, "", "kubelet is away", 0, true),
		apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "pod"),
	} {
		patientlyRetried(t, refused)
	}
}

func patientlyRetried(t *testing.T, refused error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := newKubelet()
		k.refused = refused
		got, finish, done := reads(t, k)
		k.print(time.Now(), "a")
		pass(5 * time.Second)
		k.change(func() { k.refused = nil })
		k.exit()
		finish()
		if missing := <-done; missing != "" || got.text.String() != "a\n" || len(got.gaps) > 0 {
			t.Errorf("missing %q, got %q, gaps %q", missing, got.text.String(), got.gaps)
		}
	})
}

// A response that outlives its container is replaced by a plain read.
func TestHangingResponseIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKubelet()
		k.print(time.Now(), "a")
		got, finish, done := reads(t, k)
		synctest.Wait()
		k.loseReaders()
		k.print(time.Now(), "b")
		finish()
		if missing := <-done; missing != "" || got.text.String() != "a\nb\n" {
			t.Errorf("missing %q, got %q", missing, got.text.String())
		}
	})
}

// Responses that end before the last read line are not the end of the log, however many come in a row.
func TestResponsesThatEndTooEarlyAreNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKubelet()
		got, finish, done := reads(t, k)
		k.print(time.Now(), "a")
		k.print(time.Now(), "b")
		synctest.Wait()
		k.change(func() { k.refused = errCut })
		k.disconnect()
		synctest.Wait()
		k.print(time.Now(), "c")
		k.exit()
		k.change(func() { k.refused, k.short = nil, 5 })
		finish()
		if missing := <-done; missing != "" || got.text.String() != "a\nb\nc\n" || k.short > 0 {
			t.Errorf("missing %q, got %q, %d short responses are left", missing, got.text.String(), k.short)
		}
	})
}

// answers are what a kubelet sends to one request after the other, the last one to all further ones.
type answers []string

func (a *answers) Open(context.Context, source.Request) (io.ReadCloser, error) {
	body := (*a)[0]
	if len(*a) > 1 {
		*a = (*a)[1:]
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

// An answer that ends within a line that was read before was cut, also if the next one ends there too: that is not the
// last line of the log.
func TestAnswersCutWithinAReadLine(t *testing.T) {
	const log = "2026-01-02T12:00:00.1Z one\n2026-01-02T12:00:00.2Z two\n2026-01-02T12:00:00.3Z three\n"
	for name, cut := range map[string]string{
		"in the first line": log[:25], "in the last line": log[:len(log)-3], "after a timestamp": log[:50],
		"in the last line, which is then the first": log[54 : len(log)-3], "in the last timestamp": log[:60],
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, got, finish := streamOf(&answers{log, cut, cut, cut, log})
				finish()
				if missing := s.read(t.Context()); missing != "" || len(got.gaps) > 0 || got.text.String() != "one\ntwo\nthree\n" {
					t.Errorf("missing %q, gaps %q, got %q", missing, got.gaps, got.text.String())
				}
			})
		})
	}
}

// The last line of a program may have no newline. The line is delivered, and no newline is added.
func TestLastLineWithoutNewline(t *testing.T) {
	for _, length := range []int{1, 100_000} {
		synctest.Test(t, func(t *testing.T) {
			k := newKubelet()
			got, finish, done := reads(t, k)
			k.print(time.Now(), "whole")
			k.printCut(time.Now(), strings.Repeat("x", length))
			synctest.Wait()
			k.exit()
			finish()
			if missing := <-done; missing != "" || len(got.gaps) > 0 {
				t.Errorf("missing %q, gaps %q", missing, got.gaps)
			}
			if want := "whole\n" + strings.Repeat("x", length); got.text.String() != want {
				t.Errorf("got %d bytes, want %d", got.text.Len(), len(want))
			}
		})
	}
}

func TestWordsOfTheKubeletAreNoLog(t *testing.T) {
	k := newKubelet()
	k.words = "unable to retrieve container logs for containerd://1\n"
	r := follows(t, k, 50*time.Millisecond)
	r.container("1", true)
	state := r.until("it is given up", lifecycle.LogState.Settled)
	if state.Drained || state.GaveUp != v1alpha1.ReasonLogsUnavailable || state.Lines != 0 {
		t.Errorf("drained %v, gave up %q, %d lines", state.Drained, state.GaveUp, state.Lines)
	}
}

func TestOthersHaveTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := turns.New(turns.Limits{Total: 1, Turn: time.Second}, clock.RealClock{})
		const streams, lines = 3, 20
		kubelets, records := make([]*kubelet, streams), make([]*record, streams)
		finishes, done := make([]func(), streams), make(chan string)
		for i := range streams {
			kubelets[i] = newKubelet()
			var s *stream
			s, records[i], finishes[i] = streamOf(kubelets[i])
			s.turns = shared
			go func() { done <- s.read(t.Context()) }()
		}
		for range lines {
			for i := range streams {
				kubelets[i].print(time.Now(), "x")
			}
			pass(time.Second)
			synctest.Wait()
		}
		for i := range streams {
			if n := records[i].text.Len() / 2; n < lines/2 {
				t.Errorf("stream %d has read %d lines of %d while all went on", i, n, lines)
			}
			kubelets[i].exit()
			finishes[i]()
		}
		for range streams {
			<-done
		}
		for i := range streams {
			if n := records[i].text.Len() / 2; n != lines || len(records[i].gaps) > 0 {
				t.Errorf("stream %d: %d lines of %d, gaps %q", i, n, lines, records[i].gaps)
			}
		}
	})
}

// If the pod's status omits a container for a while, its log is still read as long as the pod exists.
func TestAContainerThatIsNotToldOfGoesOn(t *testing.T) {
	k := newKubelet()
	r := follows(t, k, time.Minute)
	k.print(noon, "a")
	r.until("the first line is read", func(s lifecycle.LogState) bool { return s.Lines == 1 })
	runs := r.subject.Runs
	r.subject.Runs = nil
	if state := r.f.Sync(r.subject); state.Read {
		t.Error("its log is said to be read")
	}
	k.print(noon, "b")
	r.subject.Runs = runs
	k.exit()
	r.container("1", true)
	if state := r.until("it is read", drained); state.Lines != 2 {
		t.Errorf("%d lines", state.Lines)
	}
}

func TestInitContainersAreNamed(t *testing.T) {
	k := newKubelet()
	k.print(noon, "x")
	k.exit()
	r := follows(t, k, time.Minute)
	r.container("1", true)
	r.subject.Runs[0].Role, r.subject.Runs[0].Container = source.Init, "prepare"
	r.container("2", true)
	r.subject.Runs = append(r.subject.Runs, source.ContainerRun{PodUID: "pod-uid", Restart: 1, Container: "proxy", Role: source.Sidecar, ContainerID: "3"})
	state := r.until("both are read", func(s lifecycle.LogState) bool { return s.Drained && s.Lines == 2 })
	if state.Attempts != 1 {
		t.Errorf("%d attempts", state.Attempts)
	}
	names := map[string]bool{}
	for i := range state.Tail {
		names[state.Tail[i].Container] = true
	}
	if !names["prepare"] || !names[""] || len(names) != 2 {
		t.Errorf("entries of %v", names)
	}
}

func TestGapsAreNamed(t *testing.T) {
	k := newKubelet()
	r := follows(t, k, time.Minute)
	k.print(noon, "a")
	r.until("the first line is read", func(s lifecycle.LogState) bool { return s.Lines == 1 })
	k.disconnect()
	k.rotate()
	k.print(noon.Add(time.Second), "b")
	k.exit()
	r.container("1", true)
	state := r.until("it is settled", lifecycle.LogState.Settled)
	const want = "Rotated: container main of pod pod, after line 1 of 2026-01-02T12:00:00Z"
	if state.GaveUp != v1alpha1.ReasonLogsRotated || state.Missing != want || !state.Read || state.Drained {
		t.Errorf("gave up for %q: %q, want %q", state.GaveUp, state.Missing, want)
	}
}

// pass lets time pass in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
