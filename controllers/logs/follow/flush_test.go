// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// writes plays the reconciler of runs that print all the time. runs has their number in each namespace, size is the
// size of a write. It returns when each run was written.
func writes(t *testing.T, flush FlushOptions, runs map[string]int, size int64, during time.Duration) map[types.NamespacedName][]time.Duration {
	t.Helper()
	queue := make(chan types.NamespacedName, 1000)
	k := newKubelet()
	f := New(Options{
		Source: k, Turns: turns.New(turns.Limits{Total: 1000, Turn: time.Hour}, clock.RealClock{}), Flush: flush,
		Patience: time.Minute, Clock: clock.RealClock{}, Reconnect: wait.Backoff{Duration: time.Second},
		Notify: func(key types.NamespacedName) { queue <- key },
	})
	defer f.Stop()
	subject := func(key types.NamespacedName) Subject {
		return Subject{
			Key: key, UID: types.UID(key.String()), MaxEntries: 10, MaxBytes: 1 << 20,
			Runs: []source.ContainerRun{{Container: "main", Role: source.Main, PodUID: types.UID(key.String()), ContainerID: key.String()}},
		}
	}
	for namespace, count := range runs {
		for i := range count {
			s := subject(types.NamespacedName{Namespace: namespace, Name: fmt.Sprint("run-", i)})
			f.Sync(s)
			f.Flushed(s.Key, 0, size) // with the phase, before the first line
		}
	}
	begin, written := time.Now(), map[types.NamespacedName][]time.Duration{}
	tick, end := time.NewTicker(100*time.Millisecond), time.After(during)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.print(time.Now(), "a line")
		case key := <-queue:
			if state := f.Sync(subject(key)); state.Due {
				written[key] = append(written[key], time.Since(begin).Round(100*time.Millisecond))
				f.Flushed(key, state.Lines, size)
			}
		case <-end:
			return written
		}
	}
}

func TestFlushesAreQuickAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flush := FlushOptions{Interval: time.Second, MaxInterval: 3 * time.Second, BytesPerSecond: 1 << 20}
		got := writes(t, flush, map[string]int{"ns": 1}, 1000, 20*time.Second)[types.NamespacedName{Namespace: "ns", Name: "run-0"}]
		const want = "[1s 2.5s 4.8s 7.8s 10.8s 13.8s 16.8s 19.8s]"
		if fmt.Sprint(got) != want {
			t.Errorf("written at %v, want %s", got, want)
		}
	})
}

// A failed write stays due. It is retried less and less often, until it succeeds.
func TestFlushesThatFailAreTriedLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		woken, k := make(chan time.Time, 1000), newKubelet()
		f := New(Options{
			Source: k, Turns: turns.New(turns.Limits{Total: 1, Turn: time.Hour}, clock.RealClock{}),
			Flush:    FlushOptions{Interval: time.Second, MaxInterval: 3 * time.Second, BytesPerSecond: 1 << 20},
			Patience: time.Hour, Clock: clock.RealClock{}, Reconnect: wait.Backoff{Duration: time.Second},
			Notify: func(types.NamespacedName) { woken <- time.Now() },
		})
		defer f.Stop()
		s := Subject{Key: types.NamespacedName{Name: "run"}, UID: "1", MaxEntries: 10, MaxBytes: 1 << 20}
		s.Runs = []source.ContainerRun{{Container: "main", Role: source.Main, PodUID: "1", ContainerID: "1"}}
		f.Sync(s)
		f.Flushed(s.Key, 0, 100)
		k.print(time.Now(), "a line")
		begin, over := time.Now(), time.After(2*time.Minute)
		var tries []time.Duration
		for away := true; away; {
			select {
			case at := <-woken:
				if f.Sync(s).Due {
					tries = append(tries, at.Sub(begin).Round(time.Second))
				}
			case <-over:
				away = false
			}
		}
		if want := "[1s 2s 4s 8s 16s 32s 1m2s 1m32s]"; fmt.Sprint(tries) != want {
			t.Errorf("tried at %v, want %s", tries, want)
		}
		f.Flushed(s.Key, 1, 100)
		k.print(time.Now(), "another line")
		if at := <-woken; at.Sub(begin) > 2*time.Minute+2*time.Second {
			t.Errorf("after the first that was made, the next is due at %s", at.Sub(begin))
		}
	})
}

// Many runs together write no more than their budget, and each gets its share of it.
func TestFlushesKeepToTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const runs, size, during = 50, 100 << 10, 100 * time.Second
		flush := FlushOptions{Interval: time.Second, MaxInterval: 3 * time.Second, BytesPerSecond: 1 << 20}
		got := writes(t, flush, map[string]int{"ns": runs}, size, during)
		total, least, most := 0, 1<<30, 0
		for _, at := range got {
			total, least, most = total+len(at), min(least, len(at)), max(most, len(at))
		}
		budget := int(during.Seconds()) * flush.BytesPerSecond
		if bytes := total * size; bytes > budget*11/10 || bytes < budget*8/10 {
			t.Errorf("%d bytes were written in %s, the budget is %d", bytes, during, budget)
		}
		if len(got) != runs || most > least+2 {
			t.Errorf("%d runs were written, from %d to %d times", len(got), least, most)
		}
	})
}

// A namespace whose runs want several times the budget does not delay the log of another at all.
func TestCase51QuietLogBesideAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, during = 50 << 10, 20 * time.Second
		flush := FlushOptions{Interval: time.Second, MaxInterval: 3 * time.Second, BytesPerSecond: 1 << 20}
		got := writes(t, flush, map[string]int{"loud": 300, "quiet": 1}, size, during)
		const want = "[1s 2.5s 4.8s 7.8s 10.8s 13.8s 16.8s 19.8s]" // as alone
		if at := got[types.NamespacedName{Namespace: "quiet", Name: "run-0"}]; fmt.Sprint(at) != want {
			t.Errorf("the quiet run was written at %v, want %s", at, want)
		}
	})
}
