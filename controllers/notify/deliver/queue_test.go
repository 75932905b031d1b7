// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/taskexec/taskexec/controllers/notify/send"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func one(id, group string) Delivery {
	return Delivery{ID: id, Group: group, Deadline: noon.Add(time.Hour)}
}

// with returns a queue with deliveries, each as id or id/group.
func with(t *testing.T, all ...string) *queue {
	t.Helper()
	q := newQueue(Limits{PerMinute: 60})
	for _, text := range all {
		id, group, _ := strings.Cut(text, "/")
		if !q.offer(one(id, group), 100) {
			t.Fatalf("%s was not taken", text)
		}
	}
	return q
}

func ids(batch []waiting) string {
	var all []string
	for _, w := range batch {
		all = append(all, w.ID)
	}
	return strings.Join(all, " ")
}

func TestWhatOneMessageIsAbout(t *testing.T) {
	for name, c := range map[string]struct {
		waiting     string
		first, left string
	}{
		"nothing":                     {"", "", ""},
		"one":                         {"a/x", "a", ""},
		"a few of a kind":             {"a/x b/x c/x d/x", "a", "b c d"},
		"a flood":                     {"a/x b/x c/x d/x e/x f/x", "a b c d e f", ""},
		"a flood and another":         {"a/x b/x m/y c/x d/x e/x n/y", "a b c d e", "m n"},
		"a flood behind another":      {"m/y a/x b/x c/x d/x e/x", "m", "a b c d e"},
		"many that are not summed":    {"a b c d e f g", "a", "b c d e f g"},
		"one delivery, offered twice": {"a a/x", "a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := with(t, strings.Fields(c.waiting)...)
			if first := ids(q.take(noon)); first != c.first || ids(q.waiting) != c.left {
				t.Errorf("got %q, left %q", first, ids(q.waiting))
			}
		})
	}
}

func TestWhatAVerdictDoes(t *testing.T) {
	for name, c := range map[string]struct {
		v     send.Verdict
		state State
		left  string
		pause time.Duration
	}{
		"delivered":     {send.Verdict{Outcome: send.Delivered}, Delivered, "z", 0},
		"refused":       {send.Verdict{Outcome: send.Refused, Reason: "HTTP 404"}, Failed, "z", 0},
		"retry":         {send.Verdict{Outcome: send.Retry, Reason: "HTTP 500"}, "", "z a b c d e", time.Second},
		"retry in 30 s": {send.Verdict{Outcome: send.Retry, Reason: "HTTP 429", After: 30 * time.Second}, "", "z a b c d e", 33 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			q := with(t, "a/x", "b/x", "c/x", "d/x", "e/x", "z/y")
			results := q.settle(q.take(noon), c.v, 1, noon)
			if ids(q.waiting) != c.left || max(0, q.pausedUntil.Sub(noon)) != c.pause || len(q.known) != len(q.waiting) {
				t.Errorf("left %q, paused for %v, known %d", ids(q.waiting), q.pausedUntil.Sub(noon), len(q.known))
			}
			for _, r := range results {
				if r.State != c.state || r.Reason != c.v.Reason || r.Tries != 1 || (r.State == Delivered) != (r.Message == "a") {
					t.Errorf("got %+v", r)
				}
			}
			if (len(results) == 5) != (c.state != "") {
				t.Errorf("%d results", len(results))
			}
		})
	}
}

// A message that is tried again has the same id, even if more of its kind came meanwhile.
func TestIDOfASecondAttempt(t *testing.T) {
	q := with(t, "a/x", "b/x", "c/x", "d/x", "e/x")
	first := q.take(noon)
	q.offer(one("f", "x"), 100)
	q.settle(first, send.Verdict{Outcome: send.Retry, Reason: "no answer"}, 0, noon)
	if again := ids(q.take(noon.Add(time.Minute))); again != "a b c d e f" {
		t.Errorf("got %q", again)
	}
}

// An expired delivery fails with the last reason. The others stay.
func TestDeadline(t *testing.T) {
	q := with(t, "a")
	q.settle(q.take(noon), send.Verdict{Outcome: send.Retry, Reason: "HTTP 500"}, 0, noon)
	q.offer(one("b", ""), 100)
	late := one("c", "")
	late.Deadline = noon.Add(2 * time.Hour)
	q.offer(late, 100)
	if got := q.expire(noon.Add(time.Hour - 1)); len(got) != 0 {
		t.Errorf("expired early: %+v", got)
	}
	got := q.expire(noon.Add(time.Hour))
	if len(got) != 2 || got[0].Reason != "not delivered until its deadline: HTTP 500" || got[0].Tries != 1 ||
		got[1].Reason != "the deadline came before it was tried" || got[1].State != Failed || ids(q.waiting) != "c" || len(q.known) != 1 {
		t.Errorf("got %+v, left %q", got, ids(q.waiting))
	}
}

func TestWait(t *testing.T) {
	if got := with(t).wait(noon); got >= 0 {
		t.Errorf("nothing waits, and it is %v", got)
	}
	q := with(t, "a", "b", "c", "d", "e", "f", "g")
	for i := range atOnce {
		if q.wait(noon) != 0 || len(q.take(noon)) != 1 {
			t.Fatalf("message %d has to wait", i)
		}
	}
	if got := q.wait(noon); got != time.Second || q.take(noon) != nil {
		t.Errorf("the rate is 60 a minute, and the wait %v", got)
	}
	q.pausedUntil = noon.Add(time.Minute)
	if got := q.wait(noon); got != time.Minute {
		t.Errorf("paused for a minute, and the wait is %v", got)
	}
	q.pausedUntil = noon.Add(5 * time.Hour)
	if got := q.wait(noon); got != time.Hour {
		t.Errorf("the deadline is in an hour, and the wait %v", got)
	}
}

func TestPauses(t *testing.T) {
	for _, c := range []struct {
		failures int
		after    time.Duration
		least    time.Duration
		most     time.Duration
	}{
		{1, 0, 500 * time.Millisecond, time.Second},
		{2, 0, time.Second, 2 * time.Second},
		{9, 0, 128 * time.Second, 256 * time.Second},
		{10, 0, 150 * time.Second, 5 * time.Minute},
		{1000000, 0, 150 * time.Second, 5 * time.Minute},
		{5, time.Minute, time.Minute, 66 * time.Second},
	} {
		if least, most := pause(c.failures, c.after, 0), pause(c.failures, c.after, 1); least != c.least || most != c.most {
			t.Errorf("%d, %v: from %v to %v", c.failures, c.after, least, most)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	q := newQueue(Limits{PerMinute: 1})
	for i := range 3 {
		if !q.offer(one(fmt.Sprint(i), ""), 3) {
			t.Errorf("%d was not taken", i)
		}
	}
	if q.offer(one("3", ""), 3) || !q.offer(one("2", ""), 3) {
		t.Error("a full queue takes a new one, or does not know an old one")
	}
	q.take(noon) // what is being tried counts
	if q.offer(one("3", ""), 3) {
		t.Error("the one being tried does not count")
	}
}
