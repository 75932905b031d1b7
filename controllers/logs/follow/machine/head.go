// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package machine

import "time"

// head is the state of the beginning of the log, where lines may have been rotated away before anybody read them.
type head struct {
	// firstConnected is when the log could first be read.
	firstConnected time.Time
	// judged means that it was judged, as far as possible, whether lines are missing before the first one.
	judged bool
}

func (h *head) connected(at time.Time) {
	if h.firstConnected.IsZero() {
		h.firstConnected = at
	}
}
