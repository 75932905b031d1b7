// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// bounded cuts a message to MaxMessage bytes, between runes, and appends how many bytes are missing, including those
// that were not read.
func bounded(message string, missing int64) string {
	if missing == 0 && len(message) <= MaxMessage {
		return message
	}
	const mark = " … (%d bytes more)"
	const room = MaxMessage - len(mark) - 20 // room for the digits of any int64
	cut := min(len(message), room)
	for cut > 0 && cut < len(message) && !utf8.RuneStart(message[cut]) {
		cut--
	}
	rest := int64(len(message) - cut)
	return message[:cut] + fmt.Sprintf(mark, rest+min(missing, math.MaxInt64-rest))
}
