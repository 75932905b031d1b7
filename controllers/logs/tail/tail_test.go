package tail

import (
	"fmt"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestTail(t *testing.T) {
	for name, tc := range map[string]struct {
		maxEntries int
		maxBytes   int64
		messages   []string
		want       string
		dropped    int64
	}{
		"nothing":                           {3, 100, nil, "", 0},
		"fewer than the budget":             {3, 100, []string{"a", "b"}, "a b", 0},
		"newest entries are kept":           {3, 100, []string{"a", "b", "c", "d", "e"}, "c d e", 2},
		"newest bytes are kept":             {9, 4, []string{"aa", "bb", "cc"}, "bb cc", 1},
		"one large line drops many":         {9, 6, []string{"a", "b", "c", "xxxxxx"}, "xxxxxx", 3},
		"the newest is kept over budget":    {9, 2, []string{"a", "xxxxxx"}, "xxxxxx", 1},
		"what follows a large one drops it": {9, 2, []string{"xxxxxx", "a", "b"}, "a b", 1},
	} {
		t.Run(name, func(t *testing.T) {
			tail := New(tc.maxEntries, tc.maxBytes)
			var printed int64
			for _, m := range tc.messages {
				tail.Append(v1alpha1.LogEntry{Message: m}, int64(len(m)+1))
				printed += int64(len(m) + 1)
			}
			var kept []string
			for _, e := range tail.Entries() {
				kept = append(kept, e.Message)
			}
			if got := strings.Join(kept, " "); got != tc.want {
				t.Errorf("kept %q, want %q", got, tc.want)
			}
			got := fmt.Sprint(tail.Lines(), tail.Bytes(), tail.Dropped())
			if want := fmt.Sprint(len(tc.messages), printed, tc.dropped); got != want {
				t.Errorf("lines, bytes, dropped = %s, want %s", got, want)
			}
		})
	}
}

func TestTailHoldsNoMoreThanItsBudget(t *testing.T) {
	tail := New(10, 1<<20)
	for range 100_000 {
		tail.Append(v1alpha1.LogEntry{Message: "line"}, 5)
	}
	if c := cap(tail.entries); c > 64 {
		t.Errorf("room for %d entries is held for 10", c)
	}
}
