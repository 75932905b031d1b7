package apiserver

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

// errStopping ends a stream because the facade stops: its client has to come again.
var errStopping = errors.New("the facade is stopping")

// stream sends an answer that may last. Its methods may be called from several goroutines.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController

	mu     sync.Mutex
	buffer *bufio.Writer
	// begun: something was sent, so that the answer cannot become another one.
	begun bool
	// sent is when.
	sent time.Time
}

func newStream(w http.ResponseWriter, contentType string) *stream {
	s := &stream{w: w, control: http.NewResponseController(w), sent: time.Now()}
	// The server's own limits are for answers that end; what remains is the limit on each write.
	_ = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", contentType)
	s.buffer = bufio.NewWriterSize(sender{s}, streamBuffer)
	return s
}

// sender is what the buffer is emptied into; the lock is held.
type sender struct{ *stream }

func (s sender) Write(p []byte) (int, error) {
	s.begun, s.sent = true, time.Now()
	_ = s.control.SetWriteDeadline(s.sent.Add(writeLimit))
	return s.w.Write(p)
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.Write(p)
}

// discard drops what was written, unless some of it was sent; it tells whether it could.
func (s *stream) discard() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun {
		return false
	}
	s.buffer.Reset(sender{s})
	return true
}

// flush sends what there is, and the header if it was not sent.
func (s *stream) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushLocked()
}

func (s *stream) flushLocked() error {
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	s.begun, s.sent = true, time.Now()
	_ = s.control.SetWriteDeadline(s.sent.Add(writeLimit))
	return s.control.Flush()
}

// tend sends what waits, and beat when nothing was sent for as long as quiet.
func (s *stream) tend(beat string, quiet time.Duration) error {
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

// streams are what all answers share that may last.
type streams struct {
	// heartbeat is how long one may be quiet.
	heartbeat time.Duration
	// stopping is closed when the facade is told to stop: who follows something has to come again, elsewhere.
	stopping chan struct{}
	// watchers has one for each who waits for a change, or watches; watching has the shares of them.
	watchers chan struct{}
	watching *limit.Places
}

// maxWatchers at once. Each costs a connection and, where it is a stream, 32 KiB.
const maxWatchers = 1000

// watch takes a place among the watchers, which leave gives back. One caller has a share of them.
func (s *streams) watch(who string) (leave func(), err error) {
	return lastingPlace(s.watchers, s.watching, who,
		fmt.Sprintf("%d requests of %q wait for changes already, as many as one caller may have at once; ask without wait, or try again", limit.Share(cap(s.watchers)), who),
		"too many clients wait for changes already; ask without wait, or try again")
}

// lastingPlace takes a place for what may last. The error is the answer: overShare when the caller has its share, full
// when all are taken.
func lastingPlace(places chan struct{}, shares *limit.Places, who string, overShare, full string) (leave func(), err error) {
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
	p := unavailable(full)
	if errors.Is(err, limit.ErrShare) {
		p = problemf(http.StatusTooManyRequests, "%s", overShare)
	}
	p.retryAfter = busyRetry
	return nil, p
}

func newStreams() *streams {
	return &streams{heartbeat: heartbeat, stopping: make(chan struct{}), watchers: make(chan struct{}, maxWatchers), watching: limit.NewPlaces(maxWatchers)}
}

// lasting gives the context of an answer that may last: it ends with the client, and when the facade is told to stop.
// Until leave is called, which waits, the stream is tended; beat may be empty.
func (s *streams) lasting(parent context.Context, out *stream, beat string) (ctx context.Context, leave func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(min(flushInterval, s.heartbeat))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.stopping:
				cancel(errStopping)
				return
			case <-tick.C:
			}
			if err := out.tend(beat, s.heartbeat); err != nil {
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

// giveUp ends an answer that cannot be whole: by a problem when nothing was sent, and else as a broken connection, so
// that its client does not take what it has for all.
func (s *stream) giveUp(ctx context.Context, err error) error {
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

// mustJSON encodes what is made of strings and numbers.
func mustJSON(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		return []byte("null") // the parser makes nothing that is no JSON
	}
	return raw
}

func (s *stream) started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// endMark is what the id of a last event ends with.
const endMark = ".end"

// busyRetry in seconds, when too many logs are being read.
const busyRetry = 5
