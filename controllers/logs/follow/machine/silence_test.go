// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"testing"
	"time"
)

func TestSilence(t *testing.T) {
	for name, c := range map[string]struct {
		quiet   time.Duration
		mayHang bool
		leave   bool
		after   time.Duration
	}{
		"something was read just now": {0, true, false, time.Second},
		"quiet for a moment":          {600 * time.Millisecond, true, false, 400 * time.Millisecond},
		"nearly too long":             {990 * time.Millisecond, true, false, 250 * time.Millisecond},
		"quiet for too long":          {time.Second, true, true, 0},
		"it cannot hang":              {time.Hour, false, false, 250 * time.Millisecond},
	} {
		if leave, after := Silence(c.quiet, c.mayHang); leave != c.leave || after != c.after {
			t.Errorf("%s: leave %v, judge again after %s", name, leave, after)
		}
	}
}
