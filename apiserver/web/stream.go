package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/apiserver/limit"
)

const (
	// heartbeat keeps a quiet stream from being taken for a dead one.
	heartbeat = 15 * time.Second
	// flushInterval is how long what was written may wait for more.
	flushInterval = 100 * time.Millisecond
	// writeLimit is how long a client may take for streamBuffer bytes; a slower one is cut off.
	writeLimit = 30 * time.Second
	// streamBuffer in bytes.
	streamBuffer = 32 << 10
)

// ErrStopping ends a stream because the facade stops: its client has to come again.
var ErrStopping = errors.New("the facade is stopping")

// Stream sends an answer that may last. Its methods may be called from several goroutines.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController

	mu     sync.Mutex
	buffer *bufio.Writer
	// begun: something was sent, so that the answer cannot become another one.
	begun bool
	// sent is when.
	sent time.Time
}

func NewStream(w http.ResponseWriter, contentType string) *Stream {
	s := &Stream{w: w, control: http.NewResponseController(w), sent: time.Now()}
	// The server's own limits are for answers that end; what remains is the limit on each write.
	_ = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", contentType)
	s.buffer = bufio.NewWriterSize(sender{s}, streamBuffer)
	return s
}

// sender is what the buffer is emptied into; the lock is held.
type sender struct{ *Stream }

func (s sender) Write(p []byte) (int, error) {
	s.begun, s.sent = true, time.Now()
	_ = s.control.SetWriteDeadline(s.sent.Add(writeLimit))
	return s.w.Write(p)
}

func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.Write(p)
}

// Discard drops what was written, unless some of it was sent; it tells whether it could.
func (s *Stream) Discard() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun {
		return false
	}
	s.buffer.Reset(sender{s})
	return true
}

// Flush sends what there is, and the header if it was not sent.
func (s *Stream) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushLocked()
}

func (s *Stream) flushLocked() error {
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	s.begun, s.sent = true, time.Now()
	_ = s.control.SetWriteDeadline(s.sent.Add(writeLimit))
	return s.control.Flush()
}

// tend sends what waits, and beat when nothing was sent for as long as quiet.
func (s *Stream) tend(beat string, quiet time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if beat != "" && s.begun && time.Since(s.sent) >= quiet {
		_, _ = s.buffer.WriteString(beat) // an error is that of the flush, too
	}
	if s.buffer.Buffered() == 0 {
		return nil
	}
	return s.flushLocked()
}

// Streams are what all answers share that may last.
type Streams struct {
	// Heartbeat is how long one may be quiet.
	Heartbeat time.Duration
	// Stopping is closed when the facade is told to stop: who follows something has to come again, elsewhere.
	Stopping chan struct{}
	// Watchers has one for each who waits for a change, or watches; watching has the shares of them.
	Watchers chan struct{}
	Watching *limit.Places
}

// maxWatchers at once. Each costs a connection and, where it is a stream, 32 KiB.
const maxWatchers = 1000

// Watch takes a place among the watchers, which leave gives back. One caller has a share of them.
func (s *Streams) Watch(who string) (leave func(), err error) {
	return LastingPlace(s.Watchers, s.Watching, who,
		fmt.Sprintf("%d requests of %q wait for changes already, as many as one caller may have at once; ask without wait, or try again", limit.Share(cap(s.Watchers)), who),
		"too many clients wait for changes already; ask without wait, or try again")
}

// LastingPlace takes a place for what may last. The error is the answer: overShare when the caller has its share, full
// when all are taken.
func LastingPlace(places chan struct{}, shares *limit.Places, who string, overShare, full string) (leave func(), err error) {
	back, err := shares.Take(who)
	if err == nil {
		select {
		case places <- struct{}{}:
			return func() {
				<-places
				back()
			}, nil
		default:
			back()
		}
	}
	p := Unavailable(full)
	if errors.Is(err, limit.ErrShare) {
		p = Problemf(http.StatusTooManyRequests, "%s", overShare)
	}
	p.RetryAfter = busyRetry
	return nil, p
}

func NewStreams() *Streams {
	return &Streams{Heartbeat: heartbeat, Stopping: make(chan struct{}), Watchers: make(chan struct{}, maxWatchers), Watching: limit.NewPlaces(maxWatchers)}
}

// Lasting gives the context of an answer that may last: it ends with the client, and when the facade is told to stop.
// Until leave is called, which waits, the stream is tended; beat may be empty.
func (s *Streams) Lasting(parent context.Context, out *Stream, beat string) (ctx context.Context, leave func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(min(flushInterval, s.Heartbeat))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.Stopping:
				cancel(ErrStopping)
				return
			case <-tick.C:
			}
			if err := out.tend(beat, s.Heartbeat); err != nil {
				cancel(err) // the client is gone, or too slow
				return
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}

// GiveUp ends an answer that cannot be whole: by a problem when nothing was sent, and else as a broken connection, so
// that its client does not take what it has for all.
func (s *Stream) GiveUp(ctx context.Context, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun {
		return err
	}
	if ctx.Err() == nil {
		logr.FromContextOrDiscard(ctx).Error(err, "A log could not be sent to its end")
	}
	panic(http.ErrAbortHandler)
}

// MustJSON encodes what is made of strings and numbers.
func MustJSON(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		return []byte("null") // the parser makes nothing that is no JSON
	}
	return raw
}

func (s *Stream) Started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// EndMark is what the id of a last event ends with.
const EndMark = ".end"

// busyRetry in seconds, when too many logs are being read.
const busyRetry = 5
