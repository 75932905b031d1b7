// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

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
	// heartbeat is the longest silence of a stream. Then a heartbeat shows that the connection is alive.
	heartbeat = 15 * time.Second
	// flushInterval is how long written data may wait for more.
	flushInterval = 100 * time.Millisecond
	// writeLimit is how long a client may take to read streamBuffer bytes. A slower one is disconnected.
	writeLimit = 30 * time.Second
	// streamBuffer is the size of a stream's buffer in bytes.
	streamBuffer = 32 << 10
)

// ErrStopping ends a stream because the facade is stopping. Its client has to reconnect.
var ErrStopping = errors.New("the facade is stopping")

// Stream sends an answer that may last. It is safe for concurrent use.
type Stream struct {
	w       http.ResponseWriter
	control *http.ResponseController

	mu     sync.Mutex
	buffer *bufio.Writer
	// begun says that something was sent, so that the answer can no longer be replaced.
	begun bool
	// sent is when something was last sent.
	sent time.Time
}

// NewStream begins a response that may last.
func NewStream(w http.ResponseWriter, contentType string) *Stream {
	s := &Stream{w: w, control: http.NewResponseController(w), sent: time.Now()}
	// The server's write timeout is for short answers. Lasting answers have a limit for each write instead.
	_ = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", contentType)
	s.buffer = bufio.NewWriterSize(sender{s}, streamBuffer)
	return s
}

// sender receives the contents of the buffer. The lock is held.
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

// Discard drops what was written, unless some of it was sent. It reports whether it could.
func (s *Stream) Discard() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun {
		return false
	}
	s.buffer.Reset(sender{s})
	return true
}

// Flush sends the buffered data, and the header if it was not sent.
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

// tend regularly sends buffered data, and beat if nothing was sent for the duration quiet.
func (s *Stream) tend(beat string, quiet time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if beat != "" && s.begun && time.Since(s.sent) >= quiet {
		_, _ = s.buffer.WriteString(beat) // Flush returns the same error
	}
	if s.buffer.Buffered() == 0 {
		return nil
	}
	return s.flushLocked()
}

// Streams is shared by all answers that may last.
type Streams struct {
	// Heartbeat is how long a stream may be quiet.
	Heartbeat time.Duration
	// Stopping is closed when the facade stops. Clients of streams have to reconnect to another replica.
	Stopping chan struct{}
	// Watchers has a value for each request that waits or watches. Watching limits the share of one caller.
	Watchers chan struct{}
	Watching *limit.Places
}

// maxWatchers is how many requests wait or watch at once. Each costs a connection, and a stream 32 KiB.
const maxWatchers = 1000

// Watch takes a place among the watchers. leave releases it. One caller has a share of the places.
func (s *Streams) Watch(who string) (leave func(), err error) {
	return LastingPlace(s.Watchers, s.Watching, who,
		fmt.Sprintf("%d requests of %q are waiting for changes, the most for one caller; send the request without wait, or try again", limit.Share(cap(s.Watchers)), who),
		"too many clients are waiting for changes; send the request without wait, or try again")
}

// LastingPlace takes a place for an answer that may last. The error is the answer: overShare if the caller already has
// its share, full if all places are taken.
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

// NewStreams returns the Streams of one program.
func NewStreams() *Streams {
	return &Streams{Heartbeat: heartbeat, Stopping: make(chan struct{}), Watchers: make(chan struct{}, maxWatchers), Watching: limit.NewPlaces(maxWatchers)}
}

// Lasting returns the context of an answer that may last. It ends when the client leaves or the facade stops. The
// stream is tended until leave is called. leave waits until tending has ended. beat may be empty.
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

// GiveUp ends an answer that cannot be completed. If nothing was sent, it sends a problem. Otherwise it breaks the
// connection, so that the client does not take the part for the whole.
func (s *Stream) GiveUp(ctx context.Context, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun {
		return err
	}
	if ctx.Err() == nil {
		logr.FromContextOrDiscard(ctx).Error(err, "Could not send a log completely")
	}
	panic(http.ErrAbortHandler)
}

// MustJSON encodes a value that cannot fail to encode.
func MustJSON(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		return []byte("null") // unreachable: parsed values are valid JSON
	}
	return raw
}

// Started reports whether something was sent.
func (s *Stream) Started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// EndMark is the suffix of the id of a last event.
const EndMark = ".end"

// busyRetry is the Retry-After in seconds when too many logs are being read.
const busyRetry = 5
