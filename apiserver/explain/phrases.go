package explain

import (
	"fmt"
	"strings"
	"time"
)

// because puts a reason after a clause, if there is one.
func because(why string) string {
	why = strings.TrimSuffix(strings.TrimSpace(why), ".")
	if why == "" {
		return ""
	}
	return ": " + why
}

func reasonIn(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// onNode says where, if it is known.
func onNode(node string) string {
	if node == "" {
		return ""
	}
	return fmt.Sprintf(" on node %q", node)
}

// times counts for people.
func times(n int32, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// forPeople rounds a duration to what a person wants to read.
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

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
