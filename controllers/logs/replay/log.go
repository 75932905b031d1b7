// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Look returns an execution's log as it can be read now. done means that the run has ended and nothing will be added.
// Look must list the pods before it reads the index. Otherwise a log that is archived in between is in neither.
type Look func(ctx context.Context) (r *Replay, done bool, err error)

// Log reads an execution's log from Position on, and advances Position. It is not safe for concurrent use.
type Log struct {
	Look Look
	// Position is where reading continues. Set it to start elsewhere than at the beginning.
	Position Position
	// Opened, if set, is called after each Look in which Position was found.
	Opened func()
	// Silence is how long a followed response may be silent before a new one is requested: a kubelet may wait at the
	// end of a file that was rotated away.
	Silence time.Duration
	// Wait is the pause between two calls of Look while there are no new lines.
	Wait wait.Backoff

	// FromArchive and FromPod report what was read so far. Gap reports whether lines may be missing where reading went
	// on.
	FromArchive, FromPod, Gap bool

	// begun means that the position was found once. Before that it may be any text from a client.
	begun bool
	// last is how many last lines are requested (see Replay.Last). archived is how many archived lines the last Look
	// found.
	last, archived int64
}

// ErrGrowing is returned by visit to end the reading before an incomplete line. The line is visited again.
var ErrGrowing = errors.New("the line has no end yet")

// DefaultSilence is the Silence for a real cluster.
const DefaultSilence = 15 * time.Second

// DefaultWait returns the pause between two calls of Look while there are no new lines.
func DefaultWait() wait.Backoff {
	return wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 2 * time.Second}
}

const (
	// maxVanished is how many times in a row a log may vanish between two requests before it is skipped.
	maxVanished = 3
	// maxFailures is after how many failures in a row Follow returns.
	maxFailures = 8
)

// Read visits the existing lines from Position on. If visit returns an error, Read returns it. Then Position is after
// the last visited line if the error is ErrStop, otherwise before it. done is that of Look.
func (l *Log) Read(ctx context.Context, visit func(Line) error) (done bool, err error) {
	for vanished := 0; ; vanished++ {
		done, err = l.read(ctx, reach{lenient: vanished > 0}, visit)
		if !errors.Is(err, errVanished) {
			return done, err
		}
	}
}

// Follow visits the lines from Position on as they come, until the run has ended and all lines were visited. It waits
// for containers that have not started yet. It returns an error of visit or of ctx, ErrGone, or the error of a source
// that keeps failing.
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
		case refused != nil && !errors.Is(err, ErrBroken):
			return refused
		case errors.Is(err, ErrGone):
			return err
		case errors.Is(err, errVanished):
			vanished++
		case err != nil:
			if failures++; failures > maxFailures {
				return err
			}
		// The API server also ends a response normally if its connection to the kubelet breaks. So a log has ended only
		// when a read brought nothing new.
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

// reach says how a read treats logs that are being written (follow) or have vanished (lenient).
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
		// The pod was deleted during the read, with lines that nobody archived.
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

// note copies the results of a Replay.
func (l *Log) note(r *Replay) {
	l.FromArchive, l.FromPod, l.Gap = l.FromArchive || r.FromArchive, l.FromPod || r.FromPod, l.Gap || r.Gap
}

// skipTo drops the segments that started before the second of a time. It reports whether any is left.
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

// Sources returns what was read: archive, pod.
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
