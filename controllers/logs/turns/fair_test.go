// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package turns

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

func TestCase51TurnsAreSharedBetweenNamespaces(t *testing.T) {
	two := Limits{Total: 2, PerNamespace: 2, Turn: 5 * time.Second}
	five := Limits{Total: 5, Turn: 5 * time.Second}
	played(t, map[string]scene{
		"urgent ones of the namespaces in turn":         {two, "a1 a2 !a3 !a4 !a5 !b1 -a1 -a2", "a3 b1"},
		"a namespace alone leaves a place":              {five, "a1 a2 a3 a4 a5 !a6", "a1 a2 a3 a4"},
		"for one that comes with nothing":               {five, "a1 a2 a3 a4 a5 b1", "a1 a2 a3 a4 b1"},
		"for an urgent one, too":                        {five, "a1 a2 a3 a4 !a5 !b1", "a1 a2 a3 a4 b1"},
		"its own leave for those of it that wait":       {five, "a1 a2 a3 a4 1s a5 4s", "a1* a2 a3 a4"},
		"and not the one of another that was there":     {five, "b1 1s a1 a2 a3 a4 a5 60s", "b1 a1* a2 a3 a4"},
		"where there is no place the longest leaves":    {five, "a1 a2 a3 a4 b1 1s c1 60s", "a1* a2 a3 a4 b1"},
		"for the namespace that has none":               {five, "a1 a2 a3 a4 b1 1s a5 c1 60s -a1", "a2* a3 a4 b1 c1"},
		"who may hold all holds all":                    {Limits{Total: 5, PerNamespace: 5, Turn: time.Second}, "a1 a2 a3 a4 a5", "a1 a2 a3 a4 a5"},
		"one place is anybody's":                        {Limits{Total: 1, Turn: time.Second}, "a1 b1 1s -a1 a2", "b1"},
		"what one gives back is for who has the fewest": {Limits{Total: 6, Turn: time.Hour}, "a1 a2 a3 a4 b1 b2 a5 b3 -a1", "a2 a3 a4 b1 b2 b3"},
	})
}

// Nine hundred logs of one namespace, ended or not, do not delay the one log of another.
func TestCase51QuietLogHasItsTurnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(Limits{Total: 100, Turn: 5 * time.Second}, clock.RealClock{})
		var all []*asks
		for i := range 900 {
			all = append(all, ask(turns, "loud", i%3 == 0))
		}
		for i := range 10 {
			quiet := ask(turns, "quiet", i%2 == 0)
			if quiet.turn == nil {
				t.Fatalf("log %d of the quiet namespace waits", i)
			}
			all = append(all, quiet)
		}
		if held := fmt.Sprint(turns.heldOf); held != "map[loud:80 quiet:10]" {
			t.Errorf("hold: %s", held)
		}
		for _, a := range all {
			a.cancel()
		}
		synctest.Wait()
		turns.mu.Lock()
		defer turns.mu.Unlock()
		if turns.timer != nil {
			turns.timer.Stop()
		}
	})
}
