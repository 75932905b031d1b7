// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/taskexec/taskexec/apiserver/web"
)

func TestLiveReads(t *testing.T) {
	now := time.Date(2025, 11, 25, 11, 5, 0, 0, time.UTC)
	l := newLiveReads()
	ask := func(what string, at time.Time, want bool) {
		t.Helper()
		if missed, err := l.missed(what, at); missed != want || err != nil {
			t.Errorf("%s at %s: %v %v", what, at.Format(time.StampMilli), missed, err)
		}
	}
	ask("a", now, false)
	l.miss("a", now)
	ask("a", now, true)
	ask("b", now, false)
	ask("a", now.Add(missMemory-1), true)
	ask("a", now.Add(missMemory), false)

	// Reads of many made-up names are limited in rate.
	l, reached := newLiveReads(), 0
	var last error
	for i := range 10_000 {
		if _, err := l.missed(fmt.Sprint(i), now); err != nil {
			last = err
			continue
		}
		reached++
		l.miss(fmt.Sprint(i), now)
	}
	if reached != missBurst {
		t.Errorf("%d reached it", reached)
	}
	if p := web.ProblemOf(last); p.Status != http.StatusServiceUnavailable || p.RetryAfter == 0 {
		t.Errorf("the others are told %+v", p)
	}
	ask("b", now.Add(time.Second), false)
}
