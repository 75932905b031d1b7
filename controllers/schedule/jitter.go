// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// jitter returns how late the ticks of a schedule are: a whole number of seconds, less than most. It is always the same
// for a UID and spreads evenly over UIDs.
func jitter(uid types.UID, most time.Duration) time.Duration {
	seconds := uint64(max(0, most/time.Second))
	if seconds == 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(uid))
	return time.Duration(binary.BigEndian.Uint64(sum[:])%seconds) * time.Second //nolint:gosec // less than most
}
