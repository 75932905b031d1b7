// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"time"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// none says nothing.
var none = phrases.Text{}

// because returns a clause with a quoted reason, without a full stop. It is empty if there is no reason.
func because(why string) phrases.Text { return becauseOf(phrases.Clause(why)) }

// becauseOf returns a clause with a reason. It is empty if there is no reason.
func becauseOf(why phrases.Text) phrases.Text {
	if why.IsZero() {
		return none
	}
	return clauseBecause.With(why)
}

// reasonIn returns a reason in parentheses, or nothing.
func reasonIn(reason string) phrases.Text {
	if reason == "" {
		return none
	}
	return clauseReason.With(reason)
}

// onNode returns a clause with the name of a node, empty if it is not known.
func onNode(node string) phrases.Text {
	if node == "" {
		return none
	}
	return clauseNode.With(node)
}

// restarts returns a count of restarts with its noun.
func restarts(n int32) phrases.Text {
	if n == 1 {
		return clauseOneRestart.With()
	}
	return clauseRestarts.With(n)
}

// also returns two pieces of advice, or the one that there is.
func also(first, second phrases.Text) phrases.Text {
	switch {
	case first.IsZero():
		return second
	case second.IsZero():
		return first
	default:
		return adviseAlso.With(first, second)
	}
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
