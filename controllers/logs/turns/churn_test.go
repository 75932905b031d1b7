// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package turns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
)

// Containers that end faster than their logs are read leave some turns to others.
func TestUrgentReadersLeaveSomeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(Limits{Total: 1, Turn: time.Second}, clock.RealClock{})
		urgent := ask(turns, "a", true)
		patient := ask(turns, "b", false)
		for n := 0; patient.turn == nil; n++ {
			if n > urgentRow {
				t.Fatalf("%d urgent readers went before the one that waits", n)
			}
			next := ask(turns, "a", true)
			urgent.turn.Done()
			synctest.Wait()
			urgent = next
		}
		patient.turn.Done()
		synctest.Wait()
		urgent.turn.Done()
		if turns.Held()+turns.Waiting() != 0 {
			t.Errorf("%d hold, %d wait", turns.Held(), turns.Waiting())
		}
	})
}

// Turns use only the given clock.
func TestTurnsFollowTheirClock(t *testing.T) {
	fake := clocktesting.NewFakeClock(time.Unix(0, 0))
	turns := New(Limits{Total: 1, Turn: time.Minute}, fake)
	for range 3 { // the timer is set again each time
		turn, err := turns.Take(t.Context(), "a", false)
		if err != nil {
			t.Fatal(err)
		}
		ctx, giveUp := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := turns.Take(ctx, "b", false)
			gone <- err
		}()
		for !fake.HasWaiters() {
			runtime.Gosched()
		}
		fake.Step(time.Minute - 1)
		select {
		case <-turn.Over():
			t.Fatal("told before its time")
		default:
		}
		fake.Step(1)
		<-turn.Over()
		giveUp()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		turn.Done()
	}
	if fake.HasWaiters() {
		t.Error("a timer is left")
	}
}

// Readers of all kinds come, give up, hold on and leave at any moment. No limit is exceeded, and nothing is left over.
func TestNothingIsLeftOfThoseWhoGaveUp(t *testing.T) {
	limits := Limits{Total: 6, PerNamespace: 2, Turn: 20 * time.Microsecond}
	turns := New(limits, clock.RealClock{})
	var total atomic.Int64
	held := make([]atomic.Int64, 5)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			for range 200 {
				namespace := random.IntN(len(held))
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2000))*time.Microsecond)
				turn, err := turns.Take(ctx, fmt.Sprint(namespace), random.IntN(3) == 0)
				if err == nil {
					if held[namespace].Add(1) > 2 || total.Add(1) > 6 {
						t.Error("a cap was passed")
					}
					if random.IntN(2) == 0 {
						select {
						case <-turn.Over():
						case <-ctx.Done():
						}
					}
					total.Add(-1)
					held[namespace].Add(-1)
					turn.Done()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if turns.Waiting()+turns.Held()+len(turns.heldOf)+len(turns.patient.queues)+len(turns.patient.ring)+len(turns.urgent.queues)+len(turns.urgent.ring) != 0 || turns.timer != nil {
		t.Errorf("something is left: %+v", turns)
	}
}
