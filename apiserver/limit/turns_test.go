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
		turns := NewTurns(2)
		first, _ := turns.Take(t.Context(), "a")
		second, _ := turns.Take(t.Context(), "a")
		other, err := turns.Take(t.Context(), "b")
		if err != nil {
			t.Fatalf("another key waits: %v", err)
		}
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := turns.Take(brief, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a third had a turn: %v", err)
		}
		took := make(chan func())
		go func() {
			done, err := turns.Take(t.Context(), "a")
			if err != nil {
				t.Error(err)
			}
			took <- done
		}()
		synctest.Wait()
		first()
		first() // counts once
		third := <-took
		if _, err := turns.Take(brief, "a"); err == nil {
			t.Error("a turn was ended twice")
		}
		second()
		third()
		other()
		if len(turns.lines) != 0 {
			t.Errorf("%d lines are kept", len(turns.lines))
		}
	})
}
