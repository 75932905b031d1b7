// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestJitterSpreadsEvenlyAndStays(t *testing.T) {
	const schedules, most = 6000, time.Minute
	counts := map[time.Duration]int{}
	for i := range schedules {
		uid := types.UID(fmt.Sprintf("uid-%d", i))
		late := jitter(uid, most)
		if late < 0 || late >= most || late%time.Second != 0 {
			t.Fatalf("%s is late by %s", uid, late)
		}
		if again := jitter(uid, most); again != late {
			t.Fatalf("%s is late by %s, and then by %s", uid, late, again)
		}
		counts[late]++
	}
	for late, n := range counts {
		if n < 50 || n > 150 {
			t.Errorf("%d of %d schedules are late by %s, want about 100", n, schedules, late)
		}
	}
	if len(counts) != 60 {
		t.Errorf("%d different seconds, want 60", len(counts))
	}
	for _, none := range []time.Duration{0, time.Millisecond, -time.Hour} {
		if late := jitter("uid", none); late != 0 {
			t.Errorf("a jitter of %s is late by %s", none, late)
		}
	}
}
