package follow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// maxGapsTold bounds how many gaps are told to people; the archive's index has all.
const maxGapsTold = 3

// state tells how far the reading is. The lock is held.
func (r *run) state(now time.Time) lifecycle.LogState {
	s := lifecycle.LogState{
		Tail:     r.tail.Entries(),
		Lines:    r.tail.Lines(),
		Bytes:    r.tail.Bytes(),
		Dropped:  r.tail.Dropped(),
		Attempts: r.attempts(),
		Due:      r.flushes.due,
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
	s.Archived = r.log != nil && settled && missing == ""
	switch gaps := r.missing(); {
	case !settled: // what one stream misses is told when the archive has the others
	case len(gaps) > 0:
		s.GaveUp, s.Missing = gaps[0].missing, tellGaps(gaps)
	case missing != "":
		s.GaveUp, s.Missing = missing, why
	default:
		s.Drained = true
	}
	return s
}

// archived tells whether the archive has all that it will have, and for which reason that is not all that was
// read. It stops waiting for the archive when its time is over. The lock is held.
func (r *run) archived(waited time.Duration) (settled bool, missing, why string) {
	if r.log == nil {
		return true, "", ""
	}
	state := r.log.State()
	if !state.Settled && waited >= r.follower.ArchiveDeadline {
		r.log.Abandon(v1alpha1.ReasonLogsArchiveUnavailable)
		state = r.log.State()
	}
	switch {
	case r.unarchived:
		return true, v1alpha1.ReasonLogsArchiveUnavailable, "the archive could not be asked what an earlier controller had put into it, so that the log was read and not archived"
	case r.withheld:
		return true, v1alpha1.ReasonLogsNotRedactable, "the Task asks for an archive without the values of sensitive params, and they could not be read from their Secret, so that the log was read and not archived"
	case !state.Settled || len(state.Gaps) == 0:
		return state.Settled, "", ""
	}
	var lines, bytes int64
	for _, g := range state.Gaps {
		lines, bytes = lines+g.Lines, bytes+g.Bytes
	}
	why = fmt.Sprintf("%d lines, %d bytes, were read and are not in the archive", lines, bytes)
	if state.Failure != nil {
		why += ": " + state.Failure.Error()
	}
	return true, state.Gaps[0].Reason, why
}

// attempts counts those of which a log was found: pods, and starts in place of the task's own container.
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

// missing are the streams with gaps, in the order in which their containers started.
func (r *run) missing() (missing []*tracked) {
	for _, t := range r.streams {
		if t.missing != "" {
			missing = append(missing, t)
		}
	}
	slices.SortFunc(missing, func(a, b *tracked) int {
		return cmp.Or(a.run.StartedAt.Compare(b.run.StartedAt), strings.Compare(a.run.Pod, b.run.Pod),
			cmp.Compare(a.run.Place, b.run.Place), cmp.Compare(a.run.Restart, b.run.Restart))
	})
	return missing
}

// tellGaps names the gaps for people.
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
