// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"strings"
	"time"
)

// because returns a clause with a reason, without a full stop. It is empty if there is no reason.
func because(why string) string {
	why = strings.TrimSuffix(strings.TrimSpace(why), ".")
	if why == "" {
		return ""
	}
	return ": " + why
}

// reasonIn returns a reason in parentheses, or an empty string.
func reasonIn(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// onNode returns a clause with the name of a node, empty if it is not known.
func onNode(node string) string {
	if node == "" {
		return ""
	}
	return fmt.Sprintf(" on node %q", node)
}

// times returns a count with its noun: 1 restart, 2 restarts.
func times(n int32, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// forPeople rounds a duration to tenths of a second below a minute, and to seconds above.
func forPeople(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}
