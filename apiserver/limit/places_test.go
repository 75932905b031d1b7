// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestPlaces(t *testing.T) {
	p := NewPlaces(8)
	var ann []func()
	for range 2 {
		back, err := p.Take("ann")
		if err != nil {
			t.Fatal(err)
		}
		ann = append(ann, back)
	}
	if _, err := p.Take("ann"); !errors.Is(err, ErrShare) {
		t.Errorf("beyond a share: %v", err)
	}
	for i := range 6 {
		if _, err := p.Take(fmt.Sprint(i)); err != nil {
			t.Fatalf("another: %v", err)
		}
	}
	for _, key := range []string{"bob", ""} {
		if _, err := p.Take(key); !errors.Is(err, ErrFull) {
			t.Errorf("%q, when all are taken: %v", key, err)
		}
	}
	ann[0]()
	ann[0]() // counts once
	if _, err := p.Take(""); err != nil {
		t.Errorf("after one was released: %v", err)
	}
	if _, err := p.Take(""); !errors.Is(err, ErrFull) {
		t.Errorf("it was released twice: %v", err)
	}
	ann[1]()
	if len(p.held) != 6 {
		t.Errorf("%d keys are kept", len(p.held))
	}
}

func TestOneHasAPlaceOfFew(t *testing.T) {
	for most, share := range map[int]int{0: 1, 1: 1, 3: 1, 4: 1, 8: 2, 400: 100} {
		if got := Share(most); got != share {
			t.Errorf("the share of %d is %d, want %d", most, got, share)
		}
	}
	p := NewPlaces(1)
	for range 3 { // the empty key has no share, but counts in the total
		back, err := p.Take("")
		if err != nil {
			t.Fatal(err)
		}
		back()
	}
}

// The limits hold with many concurrent goroutines.
func TestPlacesAtOnce(t *testing.T) {
	p := NewPlaces(40)
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			key := fmt.Sprint(i % 3)
			for range 200 {
				back, err := p.Take(key)
				if err != nil {
					continue
				}
				p.mu.Lock()
				if p.taken > 40 || p.held[key] > 10 {
					t.Errorf("%d places are taken, %d by %s", p.taken, p.held[key], key)
				}
				p.mu.Unlock()
				back()
			}
		})
	}
	group.Wait()
	if p.taken != 0 || len(p.held) != 0 {
		t.Errorf("%d places were not released: %v", p.taken, p.held)
	}
}
