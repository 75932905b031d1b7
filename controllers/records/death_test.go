// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/taskexec/taskexec/controllers/bucket/buckettest"
)

// A controller may die after any request to the store: while it records, writes the history, merges it or forgets a run. The next one
// records the runs that still exist again. Then each run is in the history once, and has its record.
func TestDeathAfterAnyRequest(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	const runs, most = 12, 200
	for requests := int64(0); ; requests++ {
		if requests == most {
			t.Fatalf("the work is not done after %d requests", most)
		}
		url, open := buckettest.S3UntilRequest(t, requests)
		b := opened(t, url)
		clock := clocktesting.NewFakePassiveClock(noon)
		var there model
		for i := range runs {
			there = append(there, ended(fmt.Sprintf("run-%02d", i), noon.Add(-time.Duration(i)*3*time.Hour)))
		}
		died := works(t, writes(b, clock), clock, there)
		open()
		clock.SetTime(noon)
		again := writes(b, clock)
		if err := works(t, again, clock, there); err != nil {
			t.Fatalf("after a death at request %d: %v", requests, err)
		}
		want := there[1:].page(Query{}) // the first one is forgotten
		if diff := cmp.Diff(want, all(t, reads(b, "cluster-a"), Query{Limit: 5})); diff != "" {
			t.Fatalf("after a death at request %d (%v): %s", requests, died, diff)
		}
		for _, e := range there[1:] {
			if record, err := reads(b, "cluster-a").Get(t.Context(), "team-a", e.Name); err != nil || record == nil {
				t.Fatalf("after a death at request %d, the record of %s: %v, %v", requests, e.Name, record, err)
			}
		}
		if died == nil {
			t.Logf("the work takes %d requests", requests)
			return
		}
	}
}

// works records runs in several writes of the history, forgets the first run, and merges.
func works(t *testing.T, w *Writer, clock *clocktesting.FakePassiveClock, there model) error {
	t.Helper()
	for i, e := range there {
		if err := w.Put(t.Context(), e, nil); err != nil {
			return err
		}
		if i%4 == 3 {
			if err := w.Flush(t.Context(), nil); err != nil {
				return err
			}
		}
	}
	first := there[0]
	if err := w.Forget(t.Context(), first.Namespace, first.Name, first.UID, first.CreationTimestamp.Time); err != nil {
		return err
	}
	if err := w.Flush(t.Context(), nil); err != nil {
		return err
	}
	clock.SetTime(noon.Add(40 * time.Hour))
	return w.Compact(t.Context(), noon.Add(-48*time.Hour))
}
