// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/notify/send"
)

// These tests run in the time of synctest, which passes at once when all wait.

// sender answers as its function says.
type sender func(target string, ids []string, try int) send.Verdict

// stage has a Deliverer and what it did.
type stage struct {
	*Deliverer
	cancel context.CancelFunc
	begin  time.Time

	mu      sync.Mutex
	answers sender
	tries   map[string]int
	sent    []string // target, ids and second
	results map[string]Result
}

func newStage(t *testing.T, answers sender) *stage {
	ctx, cancel := context.WithCancel(t.Context())
	s := &stage{cancel: cancel, begin: time.Now(), answers: answers, tries: map[string]int{}, results: map[string]Result{}}
	s.Deliverer = New(ctx, clock.RealClock{}, s, func(_ types.NamespacedName, settled []Result) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range settled {
			if _, twice := s.results[r.ID]; twice {
				t.Errorf("%s was settled twice", r.ID)
			}
			s.results[r.ID] = r
		}
	})
	return s
}

// Send implements Sender.
func (s *stage) Send(_ context.Context, target types.NamespacedName, batch []Delivery) send.Verdict {
	var ids []string
	for _, d := range batch {
		ids = append(ids, d.ID)
	}
	s.mu.Lock()
	s.tries[ids[0]]++
	try := s.tries[ids[0]]
	s.sent = append(s.sent, fmt.Sprintf("%s %v %d", target.Name, ids, int(time.Since(s.begin).Seconds())))
	s.mu.Unlock()
	return s.answers(target.Name, ids, try)
}

func (s *stage) offer(target, id, group string) bool {
	return s.Offer(types.NamespacedName{Namespace: "shop", Name: target}, Limits{PerMinute: 60}, Delivery{ID: id, Group: group, Deadline: s.begin.Add(time.Hour)})
}

func (s *stage) result(id string) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.results[id]
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

var (
	delivered = send.Verdict{Outcome: send.Delivered}
	down      = send.Verdict{Outcome: send.Retry, Reason: "HTTP 503"}
)

func TestDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(string, []string, int) send.Verdict { return delivered })
		s.offer("chat", "a", "")
		s.Wait()
		if r := s.result("a"); r.State != Delivered || r.Tries != 1 || r.Message != "a" {
			t.Errorf("got %+v", r)
		}
		s.offer("chat", "b", "") // the goroutine has ended, and begins again
		s.Wait()
		if r := s.result("b"); r.State != Delivered || s.Queued(types.NamespacedName{Namespace: "shop", Name: "chat"}) != 0 {
			t.Errorf("got %+v", r)
		}
	})
}

// A target that is down is tried with growing pauses until the deadline. Others do not wait for it.
func TestTargetThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(target string, _ []string, _ int) send.Verdict {
			if target == "dead" {
				return down
			}
			return delivered
		})
		for i := range 20 {
			s.offer("dead", fmt.Sprintf("d%d", i), "")
		}
		synctest.Wait()
		s.offer("chat", "a", "")
		synctest.Wait()
		if r := s.result("a"); r.State != Delivered || !r.At.Equal(s.begin) {
			t.Errorf("the other target had to wait: %+v", r)
		}
		s.Wait()
		for i := range 20 {
			if r := s.result(fmt.Sprintf("d%d", i)); r.State != Failed || !r.At.Equal(s.begin.Add(time.Hour)) || r.Reason == "" {
				t.Errorf("%d: %+v", i, r)
			}
		}
		if n := len(s.sent); n > 40 {
			t.Errorf("the dead target was tried %d times within an hour", n)
		}
	})
}

// A receiver that hangs delays only its own messages.
func TestTargetThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		s := newStage(t, func(target string, _ []string, _ int) send.Verdict {
			if target == "slow" {
				<-hang
			}
			return delivered
		})
		s.offer("slow", "s", "")
		s.offer("chat", "a", "")
		synctest.Wait()
		if s.result("a").State != Delivered || s.result("s").State != "" {
			t.Errorf("got %+v", s.results)
		}
		close(hang)
		s.Wait()
	})
}

// A message that the receiver cannot take does not hold up the others.
func TestMessageThatCannotBeTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(_ string, ids []string, _ int) send.Verdict {
			if ids[0] == "poison" {
				return down
			}
			return delivered
		})
		s.offer("chat", "poison", "")
		s.offer("chat", "a", "")
		s.offer("chat", "b", "")
		s.Wait()
		if s.result("a").State != Delivered || s.result("b").State != Delivered || s.result("poison").State != Failed {
			t.Errorf("got %+v", s.results)
		}
		if at := s.result("b").At.Sub(s.begin); at > time.Minute {
			t.Errorf("the last good one came after %v", at)
		}
	})
}

// Retry-After is respected, and the rate is.
func TestPauseAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(_ string, _ []string, try int) send.Verdict {
			if try == 1 {
				return send.Verdict{Outcome: send.Retry, Reason: "HTTP 429", After: 10 * time.Minute}
			}
			return delivered
		})
		s.offer("chat", "a", "")
		s.Wait()
		if at := s.result("a").At.Sub(s.begin); at < 10*time.Minute || at > 11*time.Minute || s.result("a").Tries != 2 {
			t.Errorf("delivered after %v: %+v", at, s.result("a"))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(string, []string, int) send.Verdict { return delivered })
		for i := range 65 {
			s.offer("chat", fmt.Sprint(i), "")
		}
		s.Wait()
		if at := time.Since(s.begin); at < 59*time.Second || at > 61*time.Second || len(s.sent) != 65 {
			t.Errorf("%d messages within %v; the rate is 5 at once and 60 a minute", len(s.sent), at)
		}
	})
}

// A thousand failures of a Task make a few messages, and each failure has an outcome.
func TestFloodIsSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(string, []string, int) send.Verdict { pass(time.Second); return delivered })
		for i := range 1000 {
			s.offer("chat", fmt.Sprint(i), "report/Failed")
		}
		s.offer("chat", "other", "orders/Failed")
		s.Wait()
		for i := range 1000 {
			if r := s.result(fmt.Sprint(i)); r.State != Delivered || r.Message == "" {
				t.Errorf("%d: %+v", i, r)
			}
		}
		if n := len(s.sent); n > 4 || s.result("other").Message != "other" {
			t.Errorf("%d messages, the other one in %q", n, s.result("other").Message)
		}
	})
}

// What is under way when the process ends is not reported, so that the next one offers it again.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(target string, _ []string, _ int) send.Verdict {
			if target == "slow" {
				pass(10 * time.Second)
				return delivered
			}
			return down
		})
		s.offer("slow", "a", "")
		s.offer("dead", "b", "")
		pass(5 * time.Second)
		s.cancel()
		s.Wait()
		if len(s.results) != 0 || s.offer("chat", "c", "") {
			t.Errorf("after the end: %+v", s.results)
		}
	})
}

// A target that no longer exists gets nothing more.
func TestForgottenTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(string, []string, int) send.Verdict { pass(time.Second); return down })
		s.offer("chat", "a", "")
		s.offer("chat", "b", "")
		synctest.Wait()
		s.Forget(types.NamespacedName{Namespace: "shop", Name: "chat"})
		s.Wait()
		if want := []string{"chat [a] 0"}; !slices.Equal(s.sent, want) || len(s.results) != 0 {
			t.Errorf("sent %v, settled %v", s.sent, s.results)
		}
	})
}
