// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// maxGapsTold bounds how many gaps the condition's message names. The archive's index has all.
const maxGapsTold = 3

// state returns the state of the log. The caller holds the lock.
func (r *run) state(now time.Time) lifecycle.LogState {
	s := lifecycle.LogState{
		Tail:     r.tail.Entries(),
		Lines:    r.tail.Lines(),
		Bytes:    r.tail.Bytes(),
		Dropped:  r.tail.Dropped(),
		Attempts: r.attempts(),
		Due:      r.flushes.Due(),
	}
	if !r.endedAt.IsZero() {
		s.Waited = now.Sub(r.endedAt)
	}
	read := r.restored || !r.begun
	for _, t := range r.streams {
		read = read && t.done
	}
	if !read && !r.endedAt.IsZero() && s.Waited >= r.follower.Patience {
		s.GaveUp, s.Missing = v1alpha1.ReasonLogsUnavailable, "the log could not be read to its end"
		return s
	}
	if !read {
		return s
	}
	s.Read = true
	settled, missing, why := r.archived(s.Waited)
	s.Archived = r.archive != nil && settled && missing == ""
	switch gaps := r.missing(); {
	case !settled: // a gap of one stream is reported when the archive has the others
	case len(gaps) > 0:
		s.GaveUp, s.Missing = gaps[0].missing, tellGaps(gaps)
	case missing != "":
		s.GaveUp, s.Missing = missing, why
	default:
		s.Drained = true
	}
	return s
}

// archived reports whether the archive has all that it will get, and why that is not all that was read. At its deadline
// it stops waiting for the archive. The caller holds the lock.
func (r *run) archived(waited time.Duration) (settled bool, missing, why string) {
	if r.archive == nil {
		return true, "", ""
	}
	state := r.archive.State()
	if !state.Settled && waited >= r.follower.ArchiveDeadline {
		r.archive.Abandon(v1alpha1.ReasonLogsArchiveUnavailable)
		state = r.archive.State()
	}
	switch {
	case r.unarchived:
		return true, v1alpha1.ReasonLogsArchiveUnavailable, "the log was read but not archived: the archive did not say what an earlier controller had put into it"
	case r.withheld:
		return true, v1alpha1.ReasonLogsNotRedactable, "the log was read but not archived: the Task asks for an archive without the values of sensitive params, and these could not be read from their Secret"
	case !state.Settled || len(state.Gaps) == 0:
		return state.Settled, "", ""
	}
	var lines, bytes int64
	for _, g := range state.Gaps {
		lines, bytes = lines+g.Lines, bytes+g.Bytes
	}
	why = fmt.Sprintf("%d lines (%d bytes) were read but are not in the archive", lines, bytes)
	if state.Failure != nil {
		why += ": " + state.Failure.Error()
	}
	return true, state.Gaps[0].Reason, why
}

// attempts counts the attempts that have a log: each pod, and each further start of the task's own container in its
// pod.
func (r *run) attempts() (n int) {
	starts := map[types.UID]int{}
	for _, t := range r.streams {
		switch t.run.Role {
		case source.Main:
			starts[t.run.PodUID]++
		case source.Init:
			starts[t.run.PodUID] += 0
		case source.Sidecar:
		}
	}
	for _, count := range starts {
		n += max(1, count)
	}
	return n
}

// missing returns the streams with gaps, in the order in which their containers started.
func (r *run) missing() (missing []*tracked) {
	for _, t := range r.streams {
		if t.missing != "" {
			missing = append(missing, t)
		}
	}
	slices.SortFunc(missing, func(a, b *tracked) int { return a.run.Order().Compare(b.run.Order()) })
	return missing
}

// tellGaps describes the gaps for a person.
func tellGaps(missing []*tracked) string {
	var told []string
	for i, t := range missing {
		if i == maxGapsTold {
			told = append(told, fmt.Sprintf("and %d more", len(missing)-i))
			break
		}
		told = append(told, t.String())
	}
	return strings.Join(told, "; ")
}

// String says where lines may be missing.
func (t *tracked) String() string {
	where := "from its beginning"
	if t.after > 0 {
		where = fmt.Sprintf("after line %d of %s", t.after, t.at.UTC().Format(time.RFC3339Nano))
	}
	return fmt.Sprintf("%s: container %s of pod %s, %s", t.missing, t.run.Container, t.run.Pod, where)
}
