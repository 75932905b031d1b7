// Package tail keeps the newest entries of a log within a budget.
package tail

import (
	"slices"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Tail is a bounded run of the newest entries, with a count of all there were. It is not safe for
// concurrent use.
type Tail struct {
	maxEntries int
	maxBytes   int64

	entries []v1alpha1.LogEntry
	sizes   []int64
	held    int64

	lines, bytes int64
}

// New makes a tail that keeps at most maxEntries entries, and at most maxBytes of them by their message and
// data in bytes; but always the newest entry.
func New(maxEntries int, maxBytes int64) *Tail {
	return &Tail{maxEntries: maxEntries, maxBytes: maxBytes}
}

// Append adds the newest entry; printed is how many bytes the container printed for it.
func (t *Tail) Append(entry v1alpha1.LogEntry, printed int64) {
	size := weight(&entry)
	t.entries = append(t.entries, entry)
	t.sizes = append(t.sizes, size)
	t.held += size
	t.lines++
	t.bytes += printed

	drop := 0
	for len(t.entries)-drop > t.maxEntries || (t.held > t.maxBytes && len(t.entries)-drop > 1) {
		t.held -= t.sizes[drop]
		t.entries[drop] = v1alpha1.LogEntry{} // the text must not live on in the array
		drop++
	}
	t.entries, t.sizes = t.entries[drop:], t.sizes[drop:]
}

// Entries gives a copy of what is kept, oldest first.
func (t *Tail) Entries() []v1alpha1.LogEntry { return slices.Clone(t.entries) }

// Lines is how many entries were appended, Bytes how many bytes were printed for them, and Dropped how many
// are no longer kept.
func (t *Tail) Lines() int64 { return t.lines }

// Bytes printed in all.
func (t *Tail) Bytes() int64 { return t.bytes }

// Dropped entries.
func (t *Tail) Dropped() int64 { return t.lines - int64(len(t.entries)) }

func weight(e *v1alpha1.LogEntry) int64 {
	n := int64(len(e.Message))
	if e.Data != nil {
		n += int64(len(e.Data.Raw))
	}
	return n
}
