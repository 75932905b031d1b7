// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"
	"time"
)

// because is a clause that gives a reason, without a full stop. It is empty without a reason.
func because(why string) string {
	why = strings.TrimSuffix(strings.TrimSpace(why), ".")
	if why == "" {
		return ""
	}
	return ": " + why
}

// reasonIn is a reason in parentheses, empty without one.
func reasonIn(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// onNode is a clause with the name of a node, empty if it is not known.
func onNode(node string) string {
	if node == "" {
		return ""
	}
	return fmt.Sprintf(" on node %q", node)
}

// times counts for people: 1 restart, 2 restarts.
func times(n int32, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// forPeople rounds a duration: to tenths of a second below a minute, and to seconds from there on.
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
