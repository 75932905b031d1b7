// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// More segments than a page opens may overlap, for example after a rebuild. Each page must go on beyond its cursor all the same.
func TestPagesOfManyOverlappingSegments(t *testing.T) {
	b := folder(t)
	var there model
	const segments, each = 2*pageSegments + 3, 3
	for i := range segments {
		var of []row
		for n := range each {
			e := ended(fmt.Sprintf("run-%02d-%d", i, n), Day(noon).Add(time.Duration(n*segments+i)*time.Minute))
			there = append(there, e)
			r, err := rowOf(&Record{Version: recordVersion, Cluster: "cluster-a", RecordedAt: noon, Execution: e})
			if err != nil {
				t.Fatal(err)
			}
			of = append(of, r)
		}
		if _, err := (store{b, "cluster-a"}).writeSegments(t.Context(), "team-a", tidy(of, time.Time{})); err != nil {
			t.Fatal(err)
		}
	}
	r := reads(b, "cluster-a")
	for _, oldestFirst := range []bool{false, true} {
		for _, limit := range []int{5, 1000} {
			q := Query{OldestFirst: oldestFirst, Limit: limit}
			if got, want := all(t, r, q), there.page(q); !slices.Equal(got, want) {
				t.Errorf("oldest first %v, pages of %d: %v, want %v", oldestFirst, limit, got, want)
			}
		}
	}
}
