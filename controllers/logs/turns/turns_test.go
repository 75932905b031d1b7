// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package turns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

// asks requests a turn in the background, and records when it is granted.
type asks struct {
	turn   *Turn
	cancel context.CancelFunc
}

func ask(t *Turns, namespace string, urgent bool) *asks {
	ctx, cancel := context.WithCancel(context.Background())
	a := &asks{cancel: cancel}
	go func() {
		if turn, err := t.Take(ctx, namespace, urgent); err == nil {
			a.turn = turn
		}
	}()
	synctest.Wait()
	return a
}

func (a *asks) told() bool {
	select {
	case <-a.turn.Over():
		return true
	default:
		return false
	}
}

// script runs a script: "a1" requests a turn in namespace a under the name a1, "!a1" urgently; "-a1" returns it or
// gives it up; "5s" lets time pass. It returns who holds a turn, with a star if told to leave.
func script(limits Limits, words string) string {
	turns := New(limits, clock.RealClock{})
	all, order := map[string]*asks{}, []string{}
	for word := range strings.FieldsSeq(words) {
		name := strings.TrimLeft(word, "!-")
		d, err := time.ParseDuration(word)
		switch {
		case err == nil:
			<-time.After(d)
		case word[0] == '-' && all[name].turn != nil:
			all[name].turn.Done()
			delete(all, name)
		case word[0] == '-':
			all[name].cancel()
			delete(all, name)
		default:
			all[name] = ask(turns, name[:1], word[0] == '!')
			order = append(order, name)
		}
		synctest.Wait()
	}
	var held []string
	for _, name := range order {
		if a := all[name]; a != nil && a.turn != nil {
			if a.told() {
				name += "*"
			}
			held = append(held, name)
		}
	}
	for _, a := range all { // leave no goroutine
		a.cancel()
	}
	synctest.Wait()
	turns.mu.Lock()
	defer turns.mu.Unlock()
	if turns.timer != nil {
		turns.timer.Stop()
	}
	return strings.Join(held, " ")
}

// scene is a script and the holders of turns at its end.
type scene struct {
	limits Limits
	script string
	want   string
}

// played plays each scene on a clock of its own.
func played(t *testing.T, scenes map[string]scene) {
	t.Helper()
	for name, c := range scenes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := script(c.limits, c.script); got != c.want {
					t.Errorf("%s: %s hold, want %s", c.script, got, c.want)
				}
			})
		})
	}
}

func TestTurns(t *testing.T) {
	two := Limits{Total: 2, Turn: 5 * time.Second}
	perTwo := Limits{Total: 3, PerNamespace: 2, Turn: 5 * time.Second}
	perOne := Limits{Total: 3, PerNamespace: 1, Turn: 5 * time.Second}
	played(t, map[string]scene{
		"room for all":                                {two, "a1 a2", "a1 a2"},
		"the third waits":                             {two, "a1 a2 a3", "a1 a2"},
		"and is served when one leaves":               {two, "a1 a2 a3 -a1", "a2 a3"},
		"no notice while nobody waits":                {two, "a1 a2 60s", "a1 a2"},
		"no notice before the turn is over":           {two, "a1 1s a2 a3 3s", "a1 a2"},
		"the longest gets notice":                     {two, "a1 1s a2 a3 4s", "a1* a2"},
		"one notice per waiter":                       {two, "a1 1s a2 a3 a4 5s", "a1* a2*"},
		"at once when the turn was over before":       {two, "a1 1s a2 60s a3", "a1* a2"},
		"a told one's place is promised":              {two, "a1 1s a2 60s a3 60s", "a1* a2"},
		"first come first served":                     {two, "a1 a2 a3 a4 -a1 -a2", "a3 a4"},
		"namespaces take turns":                       {two, "a1 a2 a3 a4 b1 -a1 -a2", "a3 b1"},
		"urgent goes first":                           {two, "a1 a2 a3 !a4 -a1", "a2 a4"},
		"who gives up is not served":                  {two, "a1 a2 a3 a4 -a3 -a1", "a2 a4"},
		"no notice for one who gave up":               {two, "a1 a2 a3 -a3 60s", "a1 a2"},
		"a namespace's cap":                           {perOne, "a1 a2 b1", "a1 b1"},
		"stops no other namespace":                    {perOne, "a1 a2 a3 b1 c1", "a1 b1 c1"},
		"only its holder gets notice":                 {perOne, "b1 a1 a2 60s", "b1 a1*"},
		"and no more than its own":                    {perOne, "b1 a1 a2 a3 60s", "b1 a1*"},
		"an urgent one waits for its namespace's cap": {perOne, "a1 !a2 b1", "a1 b1"},
		"no total":                                 {Limits{Turn: time.Second}, "a1 a2 a3 60s", "a1 a2 a3"},
		"no total, a namespace's cap":              {Limits{PerNamespace: 1, Turn: time.Second}, "a1 b1 a2 60s", "a1* b1"},
		"nobody leaves for a capped one":           {perTwo, "b1 b2 a1 1s a2 a3 a4 60s", "b1* b2 a1*"},
		"a place is promised to another namespace": {perTwo, "b1 b2 a1 1s a2 60s c1 60s -a2", "b1* b2* a1"},
		"another one is told for another":          {perTwo, "a1 a2 b1 1s a3 60s c1 60s", "a1* a2* b1"},
	})
}

func TestTakeEndsWithItsContext(t *testing.T) {
	turns := New(Limits{Total: 1, Turn: time.Minute}, clock.RealClock{})
	turn, err := turns.Take(t.Context(), "a", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(nil)
	if _, err := turns.Take(ctx, "a", false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if turns.Waiting() != 0 || turns.Held() != 1 {
		t.Errorf("%d wait, %d hold", turns.Waiting(), turns.Held())
	}
	turn.Done()
	turn.Done()
	if turns.Held() != 0 || len(turns.heldOf) != 0 || len(turns.patient.queues) != 0 || len(turns.patient.ring) != 0 {
		t.Errorf("something is left: %+v", turns)
	}
}

// Many readers share few places. No limit is ever exceeded, and all get about as many turns.
func TestEverybodyHasTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := Limits{Total: 5, PerNamespace: 3, Turn: time.Second}
		turns := New(limits, clock.RealClock{})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		var mu sync.Mutex
		held, count := map[string]int{}, map[string]int{}
		var wg sync.WaitGroup
		for i := range 40 {
			namespace := string(rune('a' + i%4)) // ten readers each
			name := fmt.Sprint(namespace, i)
			random := rand.New(rand.NewPCG(uint64(i), 1))
			wg.Go(func() {
				for {
					turn, err := turns.Take(ctx, namespace, false)
					if err != nil {
						return
					}
					mu.Lock()
					held[namespace]++
					total := 0
					for _, n := range held {
						total += n
					}
					if held[namespace] > limits.PerNamespace || total > limits.Total {
						t.Errorf("%d of %s and %d in all", held[namespace], namespace, total)
					}
					count[name]++
					mu.Unlock()
					select {
					case <-turn.Over():
					case <-time.After(time.Duration(random.IntN(3000)) * time.Millisecond):
					case <-ctx.Done():
					}
					mu.Lock()
					held[namespace]--
					mu.Unlock()
					turn.Done()
				}
			})
		}
		wg.Wait()
		least, most := 1<<30, 0
		for _, n := range count {
			least, most = min(least, n), max(most, n)
		}
		if len(count) != 40 || most > 2*least {
			t.Errorf("%d readers had turns, from %d to %d of them", len(count), least, most)
		}
	})
}
