package follow

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/cursor"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

const (
	// drainLimit is how long a followed response may stay open after its container is known to have ended,
	// before it is dropped for a plain read of what there is.
	drainLimit = 5 * time.Second
	// silence after which a connection is made anew that had much to catch up with.
	silence = time.Second
)

// DefaultReconnect is the wait between two tries to read a log. A try that brought lines starts it anew.
func DefaultReconnect() wait.Backoff {
	return wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 8 * time.Second}
}

// sink takes what a stream reads. It is called from the stream's goroutine alone, and must not block.
type sink interface {
	// line begins a line; whole tells that it is complete.
	line(at time.Time, head []byte, whole bool)
	// more continues the line that began last.
	more(piece []byte, whole bool)
	// cut says that the line that began last ends without a newline, and with it the log.
	cut()
	// gap says that lines may be missing here, for a reason of the condition LogsCaptured.
	gap(reason string)
	// headless says that lines may be missing before the first one.
	headless(reason string)
}

// stream reads the log of one container run.
type stream struct {
	run    source.ContainerRun
	source source.Source
	turns  *turns.Turns
	clock  clock.WithDelayedExecution
	sink   sink
	// ended is closed when the container is known to have ended, finished then tells when.
	ended    chan struct{}
	finished func() time.Time
	// renamed: the container was started again, so that its log is now the previous one.
	renamed func() bool
	// gone: its pod does not exist any more. That the log is not found says less: a kubelet that starts again does
	// not find it either.
	gone      func() bool
	reconnect wait.Backoff
	// fileSize is from how many bytes on the kubelet may rotate the log.
	fileSize int64

	cursor cursor.Cursor
	pace   pace
	flow   flow
	// headJudged: it was judged, as far as can be, whether lines are missing before the first one. said: a gap was
	// said since the present connection was made.
	headJudged, said bool
	// resumed: lines were read before, by an earlier connection or an earlier controller.
	resumed bool
	// firstOpened is when the log was first there to read.
	firstOpened time.Time
	// lastHash is the hash of the last line that was new.
	lastHash uint64
	// suspect is the pace at the earliest disconnection of which it is not known that nothing was lost in it; nil
	// when there is none.
	suspect *pace
	// partial is the long line that was cut with its connection, nil when there is none.
	partial *partial
	// end is the line without a newline that the last read of the log ended with, and ends how often in a row
	// nothing new came.
	end  *partial
	ends int
	// brought tells whether the last response had a line, new or not, and torn that it was one that ended too early.
	brought, torn bool
	// lastRead is when something was last read, in nanoseconds; much tells that the connection brought much.
	lastRead atomic.Int64
	much     atomic.Bool
}

// errNoLog is a response that has words of the kubelet instead of a log.
var errNoLog = errors.New("the kubelet has no log to give")

// read follows the log to its end. It returns the reason for which the rest is missing, empty when it was read
// to the end; it returns early only when ctx ends.
func (s *stream) read(ctx context.Context) (missing string) {
	backoff := s.reconnect
	for {
		final := isClosed(s.ended)
		left, err := s.attempt(ctx, final)
		switch {
		case ctx.Err() != nil:
			return v1alpha1.ReasonLogsUnavailable
		case err == nil && final && s.confirmed():
			s.conclude(ctx)
			return ""
		case apierrors.IsNotFound(err) && s.gone():
			s.abandonPartial(v1alpha1.ReasonLogsPodGone)
			return v1alpha1.ReasonLogsPodGone
		}
		if s.pace.fresh > 0 {
			backoff = s.reconnect
		}
		switch {
		case left, errors.Is(err, cursor.ErrAgain): // on purpose, and for now
		case err == nil && final && s.ends < 2 && !s.torn: // and what it brought is to be confirmed
		case final:
			sleep(ctx, nil, backoff.Step())
		default:
			// The end of a response is mostly the end of the container, of which the pod's status is about to
			// tell; then the last read is due at once.
			sleep(ctx, s.ended, backoff.Step())
		}
	}
}

// confirmed tells whether a read of what there is was the last one needed. The API server ends a response like
// any other when its connection to the kubelet breaks, so that one read proves nothing: the log was read to its
// end when another read gives its last line again, and nothing after it.
func (s *stream) confirmed() bool {
	s.torn = false
	if s.pace.fresh > 0 {
		s.ends = 0
		return false
	}
	s.ends++
	switch {
	case s.end != nil:
		return false // taken when it comes once more
	case !s.resumed:
		return s.ends >= 2 // a log without a line
	case s.cursor.Replayed():
		return true
	case s.brought:
		// A file that has lines from before the last one has that, too: the response was cut before it.
		s.torn, s.ends = true, 0
		return false
	default:
		return s.ends >= 3 // the last line was rotated away
	}
}

// attempt reads one response. final asks for what there is and not for what may come. A nil error means that
// the response ended as it should; left, that we left it, to come again.
func (s *stream) attempt(ctx context.Context, final bool) (left bool, err error) {
	turn, err := s.turns.Take(ctx, s.run.Namespace, final)
	if err != nil {
		return false, err
	}
	defer turn.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.flow.unjudged(s.fileSize) {
		s.lookUp(ctx)
	}
	now := s.clock.Now()
	s.pace.connect(now)
	s.said = false
	s.lastRead.Store(now.UnixNano())
	s.much.Store(false)
	body, err := s.open(ctx, source.Request{Since: s.cursor.Since(), Follow: !final})
	if err != nil {
		return false, err
	}
	defer func() { _ = body.Close() }() // reading is over, and there is nothing to lose
	if s.firstOpened.IsZero() {
		s.firstOpened = now
	}
	leaving := make(chan bool, 1)
	if !final {
		go s.leave(ctx, cancel, turn, leaving)
	}
	reader := cursor.NewReader(body, &s.cursor, func(since time.Time) (io.ReadCloser, error) {
		return s.open(ctx, source.Request{Since: since})
	})
	defer reader.Release()
	err = s.consume(ctx, reader, final)
	select {
	case s.pace.renewed = <-leaving:
		left = true
	default:
	}
	s.pace.disconnect(s.clock.Now(), err == nil)
	if s.suspect == nil && s.resumed && !s.pace.unbroken(time.Time{}) {
		suspect := s.pace
		s.suspect = &suspect
	}
	return left, err
}

// open asks for the log, under the name that it has now.
func (s *stream) open(ctx context.Context, request source.Request) (io.ReadCloser, error) {
	request.ContainerRun = s.run
	request.Previous = s.run.Previous || s.renamed()
	return s.source.Open(ctx, request)
}

// consume reads a response to its end.
func (s *stream) consume(ctx context.Context, reader *cursor.Reader, final bool) error {
	stamped, unstamped := false, false
	before := s.end
	s.end, s.brought = nil, false
	for {
		line, err := reader.Next()
		s.lastRead.Store(s.clock.Now().UnixNano())
		usable := line.Whole || line.More
		if !usable && final && errors.Is(err, io.EOF) && len(line.Head) > 0 {
			if usable = s.isLast(line, before); usable {
				line.New = s.cursor.Accept(line.At, line.Hash)
			}
		}
		switch {
		case !usable:
		case line.At.IsZero():
			// The rest of a line whose beginning an earlier read had, or the kubelet's own words on why there
			// is no log; neither is a line of the program's.
			unstamped = true
		default:
			stamped, s.brought = true, true
			if more := s.take(ctx, reader, line); more != nil {
				err = more
			}
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return err
		case final && unstamped && !stamped:
			return errNoLog
		default:
			return nil
		}
	}
}

// isLast tells whether a line without its end is what the program printed last, and was not cut with its
// connection: then it comes again as it is.
func (s *stream) isLast(line cursor.Line, before *partial) bool {
	if before != nil && before.at.Equal(line.At) && before.hash == line.Hash {
		return true
	}
	s.end = &partial{at: line.At, hash: line.Hash}
	return false
}

// take hands a line on that is new, to its end.
func (s *stream) take(ctx context.Context, reader *cursor.Reader, line cursor.Line) error {
	if line.Anew && !s.said {
		s.gap(v1alpha1.ReasonLogsRotated)
	}
	if long := s.partial; long.is(line) {
		err := s.resumePartial(reader, line)
		s.endOfLong(ctx, long)
		return err
	}
	if !line.New {
		return nil // and the reader passes over the rest of a long one
	}
	s.lookBack()
	s.abandonPartial(v1alpha1.ReasonLogsRotated)
	before := s.pace.last
	s.flow.print(line.At, int64(len(line.Head))+lineOverhead)
	missing := s.pace.line(line.At, s.clock.Now(), int64(len(line.Head))+1) && !s.present(ctx, before, s.lastHash)
	s.lastHash = line.Hash
	if missing {
		s.gap(v1alpha1.ReasonLogsRotated)
	}
	s.resumed = true
	s.much.Store(s.pace.shouldRenew())
	s.sink.line(line.At, line.Head, line.Whole)
	s.watchFlow(ctx)
	if line.More {
		long := s.newPartial(line.At, line.Head, line.Hash)
		s.partial = long
		err := s.readPartial(reader)
		s.endOfLong(ctx, long)
		return err
	}
	if !line.Whole {
		s.sink.cut()
	}
	return nil
}

// leave ends a followed response that outlives its container, that others wait for, or that is suspiciously
// silent (see pace). It says on leaving that it was one of the last two, and whether the last.
func (s *stream) leave(ctx context.Context, cancel context.CancelFunc, turn *turns.Turn, leaving chan<- bool) {
	defer cancel()
	check := s.clock.NewTimer(silence)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-turn.Over():
			leaving <- false
			return
		case <-s.ended:
			sleep(ctx, nil, drainLimit)
			return
		case <-check.C():
		}
		quiet := s.clock.Now().Sub(time.Unix(0, s.lastRead.Load()))
		if quiet >= silence && s.much.Load() {
			leaving <- true
			return
		}
		check.Reset(max(silence-quiet, silence/4))
	}
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
