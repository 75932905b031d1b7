// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"fmt"
	"testing"
	"time"
)

var begin = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

func TestEachIsBoundedOnItsOwn(t *testing.T) {
	e := New(2)
	for i := range 20 {
		if wait := e.Take("ann", begin); wait != 0 {
			t.Fatalf("number %d of a burst of 20 has to wait %s", i+1, wait)
		}
	}
	if wait := e.Take("ann", begin); wait != time.Second/2 {
		t.Errorf("one too many waits %s", wait)
	}
	if wait := e.Take("bob", begin); wait != 0 {
		t.Errorf("another waits %s", wait)
	}
	if wait := e.Take("ann", begin.Add(499*time.Millisecond)); wait != time.Millisecond {
		t.Errorf("a refused request was counted: %s", wait)
	}
	if wait := e.Take("ann", begin.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("after the wait it has to wait %s", wait)
	}
}

func TestExhaustedCountsNothing(t *testing.T) {
	e := New(0.1)
	for range 3 {
		if wait := e.Exhausted("ann", begin); wait != 0 {
			t.Fatalf("nothing was taken, and it has to wait %s", wait)
		}
	}
	if wait := e.Take("ann", begin); wait != 0 {
		t.Fatalf("the first waits %s", wait)
	}
	for range 3 {
		if wait := e.Exhausted("ann", begin); wait != 10*time.Second {
			t.Errorf("after the first it has to wait %s", wait)
		}
	}
	if wait := e.Exhausted("ann", begin.Add(10*time.Second)); wait != 0 {
		t.Errorf("later it has to wait %s", wait)
	}
}

func TestNoLimit(t *testing.T) {
	for _, rate := range []float64{0, -1} {
		e := New(rate)
		for range 1000 {
			if e.Take("ann", begin) != 0 || e.Exhausted("ann", begin) != 0 {
				t.Fatal("without a limit there is a wait")
			}
		}
	}
}

// The least recently used key is forgotten, so that memory is bounded.
func TestKeysAreBounded(t *testing.T) {
	e := New(0.1)
	e.Take("first", begin)
	for i := range maxKeys {
		e.Take(fmt.Sprint(i), begin)
	}
	if n := e.buckets.Len(); n != maxKeys {
		t.Errorf("%d buckets", n)
	}
	if e.Exhausted("first", begin) != 0 || e.Exhausted("5", begin) == 0 {
		t.Error("the wrong one was forgotten")
	}
}
