package lifecycle

import "time"

// earlier of two times, where zero is no time. A kubelet that lost track of a container reports the epoch.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || b.Unix() <= 0 || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// soonest of two waits, where zero is none.
func soonest(a, b time.Duration) time.Duration {
	if a <= 0 || (b > 0 && b < a) {
		return b
	}
	return a
}
