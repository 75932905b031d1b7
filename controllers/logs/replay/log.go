package replay

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Look gives an execution's log as it can be read now. done: the run has ended, and nothing will be added to what
// can be read. Pods are to be listed before the index is read, so that a log is never in neither.
type Look func(ctx context.Context) (r *Replay, done bool, err error)

// Log reads an execution's log from a position on, and moves it. It is not safe for concurrent use.
type Log struct {
	Look Look
	// Position is where reading goes on; it is set to begin elsewhere than at the beginning.
	Position Position
	// Opened, when set, is called after each look in which Position was found.
	Opened func()
	// Silence is how long a followed response may bring nothing before it is left for a new one: a kubelet may wait
	// at the end of a file that was rotated away.
	Silence time.Duration
	// Wait between two looks while nothing comes.
	Wait wait.Backoff

	// What was read from so far, and whether lines may be missing where reading went on.
	FromArchive, FromPod, Gap bool

	// begun: the position was found once, so that it is our own and not just what somebody sent.
	begun bool
	// last is how many last lines are wanted, see Replay.Last; archived is how many there were at the last look.
	last, archived int64
}

// ErrGrowing ends a reading, from within visit, before a line whose end has not been printed: it is to be visited again.
var ErrGrowing = errors.New("the line has no end yet")

// DefaultSilence fits a real cluster.
const DefaultSilence = 15 * time.Second

// DefaultWait is the wait between two looks while nothing comes.
func DefaultWait() wait.Backoff {
	return wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 2 * time.Second}
}

const (
	// maxVanished is how often in a row a log may have gone between two requests before it is passed over.
	maxVanished = 3
	// maxFailures in a row end a follow.
	maxFailures = 8
)

// Read visits what there is now, from Position on. It returns the error of visit when that has one; Position is then
// after the line that was visited last if that error is ErrStop, and before it otherwise. done is that of Look.
func (l *Log) Read(ctx context.Context, visit func(Line) error) (done bool, err error) {
	for vanished := 0; ; vanished++ {
		done, err = l.read(ctx, reach{lenient: vanished > 0}, visit)
		if !errors.Is(err, errVanished) {
			return done, err
		}
	}
}

// Follow visits the lines from Position on as they come, until the run has ended and all was visited. It waits for
// containers that have not started yet. Errors are those of visit, of ctx, ErrGone, and that of the sources when they
// fail again and again.
func (l *Log) Follow(ctx context.Context, visit func(Line) error) error {
	var refused error
	checked := func(line Line) error {
		refused = visit(line)
		return refused
	}
	backoff, vanished, failures := l.Wait, 0, 0
	for {
		before, start := l.Position, time.Now()
		l.FromPod = false
		done, err := l.read(ctx, reach{follow: true, lenient: vanished >= maxVanished}, checked)
		moved := l.Position != before
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrGrowing):
		case refused != nil:
			return refused
		case errors.Is(err, ErrGone):
			return err
		case errors.Is(err, errVanished):
			vanished++
		case err != nil:
			if failures++; failures > maxFailures {
				return err
			}
		// The API server ends a response like any other when its connection to the kubelet breaks: that a log ended
		// is taken from a read that brought nothing new.
		case done && !(moved && l.FromPod):
			return nil
		default:
			vanished, failures = 0, 0
		}
		if moved || time.Since(start) > time.Second {
			backoff = l.Wait
		}
		if err := sleep(ctx, backoff.Step()); err != nil {
			return err
		}
	}
}

// reach says how a reading deals with logs that are being written or have gone.
type reach struct{ follow, lenient bool }

func (l *Log) read(ctx context.Context, how reach, visit func(Line) error) (done bool, err error) {
	r, done, err := l.Look(ctx)
	if err != nil {
		return false, err
	}
	r.Final, r.Last, l.archived = done, l.last, 0
	if r.Index != nil {
		for i := range r.Index.Streams {
			l.archived += r.Index.Streams[i].Lines()
		}
	}
	from := l.Position
	if from != (Position{}) && r.find(from) < 0 {
		if !l.begun {
			return done, ErrGone
		}
		// The pod went with what nobody archived, while we were reading.
		if from, l.Gap = (Position{}), true; !r.skipTo(time.Unix(0, l.Position.At)) {
			return done, nil
		}
	}
	l.begun = true
	if l.Opened != nil {
		l.Opened()
	}
	live := patient{Source: r.Source, silence: l.Silence, lenient: how.lenient}
	if n := len(r.Segments); how.follow && !done && n > 0 && r.Segments[n-1].live != nil && !r.Segments[n-1].live.Ended {
		live.follow = r.Segments[n-1].live
	}
	r.Source = live
	err = r.Read(ctx, from, func(line Line) error {
		l.note(r)
		err := visit(line)
		if err == nil || errors.Is(err, ErrStop) {
			l.Position = line.Position
		}
		return err
	})
	l.note(r)
	return done, err
}

func (l *Log) note(r *Replay) {
	l.FromArchive, l.FromPod, l.Gap = l.FromArchive || r.FromArchive, l.FromPod || r.FromPod, l.Gap || r.Gap
}

// skipTo leaves out the segments that started before a time, in its whole second; it tells whether any is left.
func (r *Replay) skipTo(at time.Time) bool {
	for i := range r.Segments {
		if !r.Segments[i].StartedAt.Before(at.Truncate(time.Second)) {
			r.Segments = r.Segments[i:]
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Sources that were read: archive, pod.
func (l *Log) Sources() []string {
	sources := []string{}
	if l.FromArchive {
		sources = append(sources, "archive")
	}
	if l.FromPod {
		sources = append(sources, "pod")
	}
	return sources
}
