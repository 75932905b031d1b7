// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/follow/machine"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// stampBytes of a log are enough for its first timestamp.
const stampBytes = 64

// connection is a turn to read, and the response that is read during the turn.
type connection struct {
	ctx    context.Context //nolint:containedctx // the life of the connection, which is left from another goroutine
	cancel context.CancelFunc
	turn   *turns.Turn
	// body and reader are those of the response, or nil before there is one.
	body   io.ReadCloser
	reader *dedup.Reader
	// leaving is set when we end the response ourselves. It says whether we do so because the response is silent.
	leaving chan bool
	// lastRead is when something was last read, in nanoseconds. mayHang is that of the machine.
	lastRead atomic.Int64
	mayHang  atomic.Bool
}

func (s *stream) takeTurn(ctx context.Context, urgent bool) machine.Event {
	turn, err := s.turns.Take(ctx, s.run.Namespace, urgent)
	if err == nil { // otherwise ctx has ended
		s.conn = &connection{turn: turn, leaving: make(chan bool, 1)}
		s.conn.ctx, s.conn.cancel = context.WithCancel(ctx)
	}
	return machine.Event{Kind: machine.TurnTaken}
}

func (s *stream) connect(a *machine.Action) machine.Event {
	c := s.conn
	c.lastRead.Store(s.clock.Now().UnixNano())
	body, err := s.open(c.ctx, source.Request{Since: a.Since, Follow: a.Follow})
	if err != nil {
		s.log.V(2).Info("Could not open the log", "error", err.Error())
		s.disconnect()
		return machine.Event{Kind: machine.Refused, PodGone: apierrors.IsNotFound(err) && s.gone()}
	}
	if s.followed && a.Follow {
		s.log.V(1).Info("Reconnected to the log", "since", a.Since)
	} else {
		s.log.V(2).Info("Opened the log", "follow", a.Follow, "since", a.Since)
	}
	s.followed = s.followed || a.Follow
	c.body = body
	if a.Follow {
		go s.leave(c)
	}
	c.reader = dedup.NewReader(body, s.machine.Window(), func(since time.Time) (io.ReadCloser, error) {
		return s.open(c.ctx, source.Request{Since: since})
	})
	return machine.Event{Kind: machine.Connected}
}

// disconnect closes the response and returns the turn, if there is one.
func (s *stream) disconnect() machine.Event {
	answer, c := machine.Event{Kind: machine.Disconnected}, s.conn
	if s.conn = nil; c == nil {
		return answer
	}
	select {
	case answer.Renewed = <-c.leaving:
		answer.Left = true
	default:
	}
	if c.reader != nil {
		c.reader.Release()
		_ = c.body.Close() // reading is over, and there is nothing to lose
	}
	c.cancel()
	c.turn.Done()
	return answer
}

func (s *stream) readLine() machine.Event {
	s.conn.mayHang.Store(s.machine.MayHang())
	line, err := s.conn.reader.Next()
	s.conn.lastRead.Store(s.clock.Now().UnixNano())
	return machine.Event{
		Kind: machine.LineRead, At: line.At, Hash: line.Hash, Text: line.Head, Whole: line.Whole, More: line.More,
		New: line.New, FileSkipped: line.FileSkipped, End: endOf(err),
	}
}

func (s *stream) readPiece() machine.Event {
	s.conn.mayHang.Store(s.machine.MayHang())
	piece, whole, err := s.conn.reader.Rest()
	s.conn.lastRead.Store(s.clock.Now().UnixNano())
	return machine.Event{Kind: machine.PieceRead, Text: piece, Whole: whole, End: endOf(err)}
}

// open requests the log under its current name.
func (s *stream) open(ctx context.Context, request source.Request) (io.ReadCloser, error) {
	request.ContainerRun = s.run
	request.Previous = s.run.Previous || s.renamed()
	return s.source.Open(ctx, request)
}

// lookUp returns the timestamp at which the current file begins, if the file is not empty.
func (s *stream) lookUp(ctx context.Context) machine.Event {
	answer := machine.Event{Kind: machine.LookedUp}
	if s.conn != nil {
		ctx = s.conn.ctx
	}
	if ctx.Err() != nil {
		answer.Interrupted = true
		return answer
	}
	s.log.V(2).Info("Looking up where the file of the log begins")
	body, err := s.open(ctx, source.Request{Limit: stampBytes})
	if err != nil {
		return answer
	}
	defer func() { _ = body.Close() }() // nothing was written
	reader := lines.NewReader(body)
	defer reader.Release()
	line, _ := reader.Next() // after an error the timestamp is unknown as well
	answer.At = line.At
	return answer
}

// search reports whether a line is in the file that the kubelet serves now.
func (s *stream) search(at time.Time, hash uint64) machine.Event {
	answer := machine.Event{Kind: machine.Searched}
	s.log.V(2).Info("Searching the log for the line before a jump in time")
	body, err := s.open(s.conn.ctx, source.Request{Since: at.Truncate(time.Second)})
	if err != nil {
		return answer
	}
	defer func() { _ = body.Close() }() // nothing was written
	reader := lines.NewReader(body)
	defer reader.Release()
	for err == nil && !answer.Found {
		var line lines.Line
		line, err = reader.Next()
		answer.Found = line.At.Equal(at) && s.machine.Window().Hash(line.Head) == hash
	}
	return answer
}

// leave ends a followed response that outlives its container, whose turn others wait for, or that is silent and may
// hang.
func (s *stream) leave(c *connection) {
	defer c.cancel()
	check := s.clock.NewTimer(machine.SilenceLimit)
	defer check.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.turn.Over():
			c.leaving <- false
			return
		case <-s.ended:
			sleep(c.ctx, nil, machine.DrainLimit)
			return
		case <-check.C():
		}
		quiet := s.clock.Now().Sub(time.Unix(0, c.lastRead.Load()))
		leave, after := machine.Silence(quiet, c.mayHang.Load())
		if leave {
			c.leaving <- true
			return
		}
		check.Reset(after)
	}
}
