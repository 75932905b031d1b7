// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

const (
	// DrainLimit is how long a followed response may stay open after its container has ended. Then it is replaced by a
	// plain read of the existing lines.
	DrainLimit = 5 * time.Second
	// SilenceLimit is the silence after which a connection that may hang is left (see MayHang).
	SilenceLimit = time.Second
)

// Silence judges a connection on which nothing was read for a while. It reports whether to leave it and, if not, when
// to judge it again.
func Silence(quiet time.Duration, mayHang bool) (leave bool, after time.Duration) {
	if quiet >= SilenceLimit && mayHang {
		return true, 0
	}
	return false, max(SilenceLimit-quiet, SilenceLimit/4)
}
