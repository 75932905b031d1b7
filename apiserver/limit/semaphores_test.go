// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		semaphores := NewSemaphores(2)
		first, _ := semaphores.Acquire(t.Context(), "a")
		second, _ := semaphores.Acquire(t.Context(), "a")
		other, err := semaphores.Acquire(t.Context(), "b")
		if err != nil {
			t.Fatalf("another key waits: %v", err)
		}
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := semaphores.Acquire(brief, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third had a turn: %v", err)
		}
		took := make(chan func())
		go func() {
			done, err := semaphores.Acquire(t.Context(), "a")
			if err != nil {
				t.Error(err)
			}
			took <- done
		}()
		synctest.Wait()
		first()
		first() // counts once
		third := <-took
		if _, err := semaphores.Acquire(brief, "a"); err == nil {
			t.Error("a turn was ended twice")
		}
		second()
		third()
		other()
		if len(semaphores.held) != 0 {
			t.Errorf("%d semaphores are kept", len(semaphores.held))
		}
	})
}
