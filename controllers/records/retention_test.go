// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestWhatExpires(t *testing.T) {
	run := func(name, task string, age time.Duration, bytes int64) sized {
		created := noon.Add(-age)
		return sized{rowKey{Created: created.UnixMilli(), Name: name, UID: name, Task: task}, created.UnixMilli(), bytes}
	}
	rows := []sized{run("new", "a", time.Hour, 100), run("day", "a", 25*time.Hour, 100), run("other", "b", 26*time.Hour, 100), run("week", "a", 170*time.Hour, 100)}
	for name, c := range map[string]struct {
		policy Policy
		want   []string
	}{
		"no limit":                       {Policy{}, nil},
		"age of the namespace":           {Policy{Namespace: Limits{MaxAge: 24 * time.Hour}}, []string{"day", "other", "week"}},
		"age of a task":                  {Policy{Task: func(task string) Limits { return Limits{MaxAge: map[string]time.Duration{"b": time.Hour}[task]} }}, []string{"other"}},
		"bytes of the namespace":         {Policy{Namespace: Limits{MaxBytes: 250}}, []string{"other", "week"}},
		"bytes of a task":                {Policy{Task: func(string) Limits { return Limits{MaxBytes: 200} }}, []string{"week"}},
		"bytes never remove what is new": {Policy{Namespace: Limits{MaxBytes: 1}, AtLeast: 24 * time.Hour}, []string{"day", "other", "week"}},
		"what lives is kept and counted": {Policy{Namespace: Limits{MaxBytes: 250}, Live: func(name string, _ types.UID) bool { return name == "other" }}, []string{"week"}},
		"age removes whatever the floor": {Policy{Namespace: Limits{MaxAge: 24 * time.Hour}, AtLeast: 1000 * time.Hour}, []string{"day", "other", "week"}},
	} {
		t.Run(name, func(t *testing.T) {
			gone, _ := c.policy.expired(noon, rows, &used{of: map[string]int64{}})
			var names []string
			for _, e := range gone {
				names = append(names, e.Name)
			}
			if diff := cmp.Diff(c.want, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What expires is gone from the history and has no record; the rest is as it was. A dry run removes nothing. A removal that fails
// half way goes on at the next time.
func TestExpireRemovesRecordsAndRows(t *testing.T) {
	b := folder(t)
	clock := clocktesting.NewFakePassiveClock(noon)
	w := writes(b, clock)
	for i := range 60 {
		if err := w.Put(t.Context(), ended(fmt.Sprintf("run-%02d", i), noon.Add(-time.Duration(i)*time.Hour)), nil); err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			if err := w.Flush(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	policy := Policy{Namespace: Limits{MaxAge: 48 * time.Hour}}
	would, err := w.Expire(t.Context(), "team-a", policy, nil)
	if err != nil || len(would) != 11 {
		t.Fatalf("would remove %d, %v", len(would), err)
	}
	if got := all(t, reads(b, "cluster-a"), Query{Limit: 100}); len(got) != 60 {
		t.Fatalf("a dry run left %d", len(got))
	}
	broken, calls := errors.New("broken"), 0
	_, err = w.Expire(t.Context(), "team-a", policy, func(context.Context, Expired) error {
		if calls++; calls == 4 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	var removed []string
	if _, err := w.Expire(t.Context(), "team-a", policy, func(_ context.Context, e Expired) error {
		removed = append(removed, e.Name)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(removed) != 8 {
		t.Errorf("removed %v after three were removed before", removed)
	}
	left := all(t, reads(b, "cluster-a"), Query{Limit: 7})
	if len(left) != 49 || slices.Contains(left, "run-49") {
		t.Errorf("left %v", left)
	}
	for name, want := range map[string]bool{"run-48": true, "run-49": false, "run-59": false} {
		if record, err := reads(b, "cluster-a").Get(t.Context(), "team-a", name); err != nil || (record != nil) != want {
			t.Errorf("the record of %s: %v, %v", name, record, err)
		}
	}
	if err := w.Put(t.Context(), ended("run-60", noon.Add(-time.Minute)), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := all(t, reads(b, "cluster-a"), Query{Limit: 7}); len(left) != 50 {
		t.Errorf("a later write brought back %v", left)
	}
}
