package follow

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/redact"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/tail"
)

// run is the log of one execution.
type run struct {
	follower *Follower
	key      types.NamespacedName
	uid      types.UID
	// fresh: nothing was recorded of the execution when it was first seen.
	fresh bool

	mu      sync.Mutex
	tail    *tail.Tail
	streams map[archive.StreamID]*tracked
	// log takes the raw lines, nil when there is no archive.
	log *archive.Log
	// restored: what an earlier controller archived is known, so that reading can go on from there.
	begun, restored bool
	// unarchived: the archive could not be asked, so that nothing is put into it.
	unarchived bool
	// redact takes the values of sensitive params out of all that is read, nil where nobody asked for that. withheld:
	// it was asked for, and the values are not known, so that nothing is archived.
	redact   *redact.Redactor
	withheld bool
	closed   bool
	// endedAt is when all containers were first known to have ended, zero while one may run.
	endedAt time.Time
	flushes flushes
	// deadline is the timer for the end of patience, nil while unset.
	deadline timer
}

func (r *run) sync(s Subject) lifecycle.LogState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Redacted && r.redact == nil {
		r.redact, r.withheld = s.Redact, r.withheld || s.Redact == nil
	}
	r.begin(s)
	if r.tail.Lines() == 0 {
		r.tail = tail.New(s.MaxEntries, s.MaxBytes) // the budget is known when the Job is
	}
	if r.restored {
		r.track(s)
	}
	running := false
	for _, t := range r.streams {
		running = running || !isClosed(t.ended)
	}
	now := r.follower.Clock.Now()
	r.watchTheEnd(now, s.Closing || (len(r.streams) > 0 && !running))
	r.remind()
	return r.state(now)
}

// begin asks, once, what an earlier controller archived. It is not asked for an execution that is new, nor
// before there is something to read.
func (r *run) begin(s Subject) {
	if r.begun || (len(s.Runs) == 0 && !s.Closing) {
		return
	}
	r.begun = true
	if r.follower.Archive == nil {
		r.restored = true
		return
	}
	r.log = r.follower.Archive.Begin(archive.Execution{Namespace: r.key.Namespace, Name: r.key.Name, UID: r.uid}, r.fresh)
	if s.Redacted {
		r.log.Redacted()
	}
	if r.fresh {
		r.restored = true
		return
	}
	r.follower.start(func() { r.restore(s) })
}

// track starts a stream for each container run that has none, and marks those that have ended.
func (r *run) track(s Subject) {
	present := make(map[archive.StreamID]bool, len(s.Runs))
	newest := map[archive.StreamID]int32{} // restarts, by pod and container
	for i := range s.Runs {
		c := &s.Runs[i]
		newest[place(c)] = max(newest[place(c)], c.Restart)
		if !c.Mirrored() && r.log == nil {
			continue // there is nowhere to put it
		}
		id := archive.IDOf(c)
		present[id] = true
		t, ok := r.streams[id]
		if !ok {
			t = newTracked(r, c)
			r.streams[id] = t
		}
		t.restarted = t.restarted || c.Previous
		if c.Ended {
			t.finished = c.FinishedAt
			closeOnce(t.ended)
		}
		if !t.reading {
			r.follow(*c, t)
		}
	}
	for id, t := range r.streams {
		gone := !slices.Contains(s.Pods, t.run.PodUID)
		if present[id] || (!gone && newest[place(&t.run)] <= t.run.Restart) {
			continue // a kubelet that starts again may know nothing of its containers for a while
		}
		t.gone = t.gone || gone
		closeOnce(t.ended)
		if !t.reading { // archived by an earlier controller in part, and its pod is gone
			t.reading, t.done = true, true
			if !t.whole {
				t.miss(v1alpha1.ReasonLogsPodGone)
			}
		}
	}
}

// place of a container: what its runs have in common.
func place(c *source.ContainerRun) archive.StreamID {
	return archive.StreamID{PodUID: c.PodUID, Container: c.Container}
}

// follow starts the goroutine that reads one container run's log.
func (r *run) follow(c source.ContainerRun, t *tracked) {
	t.reading = true
	if t.whole { // an earlier controller has archived all of it
		t.done = true
		return
	}
	ctx, cancel := context.WithCancel(r.follower.stop)
	t.cancel = cancel
	if r.log != nil && !r.unarchived && !r.withheld {
		t.archive = r.log.Stream(&c)
	}
	s := &stream{
		run:       c,
		source:    r.source(),
		turns:     r.follower.Turns,
		clock:     r.follower.Clock,
		sink:      t,
		ended:     t.ended,
		finished:  t.finishedAt,
		renamed:   t.isRestarted,
		gone:      t.isGone,
		reconnect: r.follower.Reconnect,
		fileSize:  r.follower.FileSize,
	}
	r.follower.start(func() {
		defer cancel()
		missing := t.restore(ctx, s)
		if missing == "" {
			missing = s.read(ctx)
		}
		t.finish(ctx, missing)
	})
}

// source gives logs as they are kept. All that is read of a log is without the values: what is compared with what an
// earlier controller archived has to be.
func (r *run) source() source.Source {
	if r.redact == nil {
		return r.follower.Source
	}
	return redacted{r.follower.Source, r.redact}
}

type redacted struct {
	source.Source
	values *redact.Redactor
}

func (s redacted) Open(ctx context.Context, request source.Request) (io.ReadCloser, error) {
	body, err := s.Source.Open(ctx, request)
	if err != nil {
		return nil, err
	}
	return s.values.Log(body, !request.Follow), nil
}

// watchTheEnd begins to lose patience when all containers have ended, and starts anew when another begins: a
// retry. The lock is held.
func (r *run) watchTheEnd(now time.Time, ended bool) {
	switch {
	case !ended:
		r.endedAt = time.Time{}
		stop(&r.deadline)
	case r.endedAt.IsZero():
		r.endedAt = now
		r.wakeAfter(&r.deadline, r.follower.Patience, r.loseInPatience)
	}
}

// loseInPatience has the execution looked at, and once more when the archive's time is over too.
func (r *run) loseInPatience() {
	if left := r.endedAt.Add(r.follower.ArchiveDeadline).Sub(r.follower.Clock.Now()); r.log != nil && left > 0 {
		r.wakeAfter(&r.deadline, left, r.loseInPatience)
	}
	r.notify()
}

// notify has the execution looked at, unless it is not our business any more. The lock is held.
func (r *run) notify() {
	if !r.closed {
		r.follower.Notify(r.key)
	}
}

// open counts streams that are not done.
func (r *run) open() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.streams {
		if !t.done {
			n++
		}
	}
	return n
}

func (r *run) close() {
	r.end()
	if r.log != nil {
		r.log.Close()
	}
}

// release ends the reading; what was read is archived to its end.
func (r *run) release() {
	r.end()
	if r.log == nil {
		return
	}
	r.mu.Lock()
	for _, t := range r.streams {
		if !t.done && t.archive != nil {
			t.archive.Gap(archive.Gap{Reason: v1alpha1.ReasonLogsUnavailable})
		}
	}
	r.mu.Unlock()
	r.log.End()
}

func (r *run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	stop(&r.flushes.timer)
	stop(&r.deadline)
	for _, t := range r.streams {
		if t.cancel != nil {
			t.cancel()
		}
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// closeOnce closes a channel that only this package closes, under the run's lock.
func closeOnce(c chan struct{}) {
	if !isClosed(c) {
		close(c)
	}
}
