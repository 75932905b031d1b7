package follow

import (
	"context"
	"errors"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/cursor"
)

// drainLimit is how long a followed response may stay open after its container is known to have ended,
// before it is dropped for a plain read of what there is.
const drainLimit = 5 * time.Second

// DefaultReconnect is the wait between two tries to read a log. A try that brought lines starts it anew.
func DefaultReconnect() wait.Backoff {
	return wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 8 * time.Second}
}

// stream reads the log of one container run.
type stream struct {
	run    ContainerRun
	source Source
	slots  chan struct{}
	cursor cursor.Cursor
	// sink takes each new line; it is called from the stream's goroutine alone.
	sink func(rawLine)
	// ended is closed when the container is known to have ended.
	ended chan struct{}
	// renamed: the container was started again, so that its log is now the previous one.
	renamed   func() bool
	reconnect wait.Backoff
}

// read follows the log to its end. It returns the reason for which a part of it is missing, empty when
// nothing is; it returns early only when ctx ends.
func (s *stream) read(ctx context.Context) (gap string) {
	backoff := s.reconnect
	for {
		final := s.hasEnded()
		lines, err := s.attempt(ctx, final)
		switch {
		case ctx.Err() != nil:
			return v1alpha1.ReasonLogsUnavailable
		case err == nil && final:
			return ""
		case apierrors.IsNotFound(err):
			return v1alpha1.ReasonLogsPodGone
		}
		if lines > 0 {
			backoff = s.reconnect
		}
		// The end of a response is mostly the end of the container, of which the pod's status is about to
		// tell; then the last read is due at once.
		if final {
			sleep(ctx, nil, backoff.Step())
		} else {
			sleep(ctx, s.ended, backoff.Step())
		}
	}
}

// attempt reads one response. final asks for what there is and not for what may come. A nil error means
// that the response ended as it should; lines is how many new ones it brought.
func (s *stream) attempt(ctx context.Context, final bool) (lines int, err error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !final {
		go s.dropWhenStuck(ctx, cancel)
	}
	request := Request{ContainerRun: s.run, Since: s.cursor.Since(), Follow: !final}
	request.Previous = s.run.Previous || s.renamed()
	body, err := s.source.Open(ctx, request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }() // reading is over, and there is nothing to lose
	s.cursor.Resume()
	return s.consume(newLineReader(body, s.cursor.NewHash), final)
}

func (s *stream) consume(reader *lineReader, final bool) (lines int, err error) {
	for {
		line, err := reader.next()
		// A line without its end was cut with the connection and comes again, whole; at the end of a log it
		// is what the program printed last.
		if line.whole || (final && errors.Is(err, io.EOF) && line.length > 0) {
			if s.isNew(line) {
				s.sink(line)
				lines++
			}
		}
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
	}
}

// isNew tells whether a line was not read before. One without timestamp is the rest of a line whose
// beginning an earlier read had, or the kubelet's own words on why there is no log; neither is the program's.
func (s *stream) isNew(line rawLine) bool {
	return !line.at.IsZero() && s.cursor.Accept(line.at, line.hash)
}

func (s *stream) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// dropWhenStuck ends a followed response that outlives its container.
func (s *stream) dropWhenStuck(ctx context.Context, cancel context.CancelFunc) {
	select {
	case <-ctx.Done():
		return
	case <-s.ended:
	}
	sleep(ctx, nil, drainLimit)
	cancel()
}

// sleep until the time is over, ctx ends or wake is closed.
func sleep(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}
