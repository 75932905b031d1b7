package follow

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/tail"
)

// streamKey tells one container run from all others.
type streamKey struct {
	pod       types.UID
	container string
	id        string
}

// tracked is a stream and what is known of it.
type tracked struct {
	cancel context.CancelFunc
	ended  chan struct{}
	// restarted: a later run of the same container exists.
	restarted bool
	done      bool
	gap       string
}

// run is the log of one execution.
type run struct {
	follower *Follower
	key      types.NamespacedName
	uid      types.UID

	mu      sync.Mutex
	tail    *tail.Tail
	streams map[streamKey]*tracked
	closed  bool
	// endedAt is when all containers were first known to have ended, zero while one may run.
	endedAt time.Time
	// writtenLines and writtenAt of the last write to status.
	writtenLines int64
	writtenAt    time.Time
	// flush and deadline are the timers for the next write and for the end of patience, nil while unset.
	flush, deadline timer
}

func (r *run) sync(s Subject) lifecycle.LogState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tail.Lines() == 0 {
		r.tail = tail.New(s.MaxEntries, s.MaxBytes) // the budget is known when the Job is
	}
	r.track(s.Runs)
	running := false
	for _, t := range r.streams {
		running = running || !isClosed(t.ended)
	}
	now := r.follower.Clock.Now()
	r.watchTheEnd(now, s.Closing || (len(r.streams) > 0 && !running))
	state := r.state(now)
	if !state.Due {
		r.arm(now)
	}
	return state
}

// track starts a stream for each container run that has none, and marks those that have ended.
func (r *run) track(runs []ContainerRun) {
	present := make(map[streamKey]bool, len(runs))
	for _, c := range runs {
		key := streamKey{c.PodUID, c.Container, c.ContainerID}
		present[key] = true
		t, ok := r.streams[key]
		if !ok {
			t = &tracked{ended: make(chan struct{})}
			r.streams[key] = t
		}
		t.restarted = t.restarted || c.Previous
		if c.Ended {
			closeOnce(t.ended)
		}
		if !ok {
			r.begin(c, t)
		}
	}
	for key, t := range r.streams {
		if !present[key] {
			closeOnce(t.ended)
		}
	}
}

// begin starts the goroutine that reads one container run's log.
func (r *run) begin(c ContainerRun, t *tracked) {
	ctx, cancel := context.WithCancel(r.follower.stop)
	t.cancel = cancel
	s := &stream{
		run:       c,
		source:    r.follower.Source,
		slots:     r.follower.slots,
		sink:      r.append,
		ended:     t.ended,
		reconnect: r.follower.Reconnect,
		renamed: func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			return t.restarted
		},
	}
	r.follower.wg.Go(func() {
		defer cancel()
		gap := s.read(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		t.done, t.gap = true, gap
		if !r.closed {
			r.follower.Notify(r.key)
		}
	})
}

// append takes one line from a stream.
func (r *run) append(line rawLine) {
	entry := entryOf(line)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tail.Append(entry, line.length)
	r.arm(r.follower.Clock.Now())
}

// state tells how far the reading is. The lock is held.
func (r *run) state(now time.Time) lifecycle.LogState {
	s := lifecycle.LogState{
		Tail:    r.tail.Entries(),
		Lines:   r.tail.Lines(),
		Bytes:   r.tail.Bytes(),
		Dropped: r.tail.Dropped(),
		Streams: len(r.streams),
		Drained: true,
	}
	for _, t := range r.streams {
		s.Drained = s.Drained && t.done && t.gap == ""
		if t.gap != "" {
			s.GaveUp = t.gap
		}
	}
	for _, t := range r.streams {
		if !t.done {
			s.GaveUp = "" // what one stream misses is told when the others are read
		}
	}
	if !r.endedAt.IsZero() {
		s.Waited = now.Sub(r.endedAt)
		if !s.Drained && s.GaveUp == "" && s.Waited >= r.follower.Patience {
			s.GaveUp = v1alpha1.ReasonLogsUnavailable
		}
	}
	s.Due = s.Lines > r.writtenLines && !r.writtenAt.IsZero() &&
		now.Sub(r.writtenAt) >= r.follower.FlushInterval
	return s
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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	stop(&r.flush)
	stop(&r.deadline)
	for _, t := range r.streams {
		t.cancel()
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
