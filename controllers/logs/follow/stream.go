// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/dedup"
	"github.com/taskexec/taskexec/controllers/logs/follow/machine"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// DefaultReconnect is the backoff between two attempts to read a log. After an attempt that brought lines it starts
// again.
func DefaultReconnect() wait.Backoff {
	return wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 5, Cap: 8 * time.Second}
}

// sink receives what a stream reads. Only the stream's goroutine calls it, and it must not block.
type sink interface {
	// line begins a line. whole reports whether it is complete.
	line(at time.Time, head []byte, whole bool)
	// more continues the last line.
	more(piece []byte, whole bool)
	// cut means that the last line ends without a newline, and the log with it.
	cut()
	// gap means that lines may be missing here, for a reason of the condition LogsCaptured.
	gap(reason string)
	// headless means that lines may be missing before the first one.
	headless(reason string)
}

// stream reads the log of one container run. Its machine decides, and the stream carries out the machine's actions.
type stream struct {
	run    source.ContainerRun
	source source.Source
	turns  *turns.Turns
	clock  clock.WithDelayedExecution
	sink   sink
	log    logr.Logger
	// ended is closed when the container is known to have ended. Then finished returns when.
	ended    chan struct{}
	finished func() time.Time
	// renamed reports whether the container was started again, so that its log is now the previous one.
	renamed func() bool
	// gone reports whether the pod no longer exists.
	gone      func() bool
	reconnect wait.Backoff
	// fileSize is the size in bytes from which on the kubelet may rotate the log.
	fileSize int64
	// before means that an earlier controller has read the log from its beginning.
	before bool

	machine machine.Machine
	// backoff is the rest of reconnect since it last started.
	backoff wait.Backoff
	// conn is the current connection, or nil. followed means that an earlier one followed the log.
	conn     *connection
	followed bool
}

// read follows the log to its end. It returns the reason why the rest is missing, or empty. It returns early only if
// ctx ends.
func (s *stream) read(ctx context.Context) (missing string) {
	s.backoff = s.reconnect
	actions := s.machine.Begin(machine.Log{StartedAt: s.run.StartedAt, FileSize: s.fileSize, ReadBefore: s.before}, isClosed(s.ended))
	for {
		var answer machine.Event
		for i := range actions {
			if actions[i].Kind == machine.Finish {
				return actions[i].Reason
			}
			answer = s.perform(ctx, &actions[i])
		}
		if ctx.Err() != nil {
			s.disconnect()
			return v1alpha1.ReasonLogsUnavailable
		}
		answer.Now = s.clock.Now()
		if isClosed(s.ended) {
			answer.FinishedAt = s.finished()
		}
		actions = s.machine.Step(answer)
	}
}

// perform carries out an action of the machine, and returns the answer if the action has one.
func (s *stream) perform(ctx context.Context, a *machine.Action) (answer machine.Event) {
	switch a.Kind {
	case machine.BeginLine:
		s.sink.line(a.At, a.Text, a.Whole)
	case machine.ContinueLine:
		s.sink.more(a.Text, a.Whole)
	case machine.CutLine:
		s.sink.cut()
	case machine.Gap:
		s.log.V(1).Info("Recorded a gap", "reason", a.Reason)
		s.sink.gap(a.Reason)
	case machine.GapAtStart:
		s.log.V(1).Info("Recorded a gap before the first line", "reason", a.Reason)
		s.sink.headless(a.Reason)
	case machine.Wait:
		return s.pause(ctx, a)
	case machine.TakeTurn:
		return s.takeTurn(ctx, a.Urgent)
	case machine.LookUp:
		return s.lookUp(ctx)
	case machine.Connect:
		return s.connect(a)
	case machine.ReadLine:
		return s.readLine()
	case machine.ReadPiece:
		return s.readPiece()
	case machine.Search:
		return s.search(a.At, a.Hash)
	case machine.Disconnect:
		return s.disconnect()
	case machine.Finish: // read returns
	}
	return machine.Event{}
}

func (s *stream) pause(ctx context.Context, a *machine.Action) machine.Event {
	if a.FirstPause {
		s.backoff = s.reconnect
	}
	if a.Pause {
		wake := s.ended
		if !a.UntilEnd {
			wake = nil
		}
		sleep(ctx, wake, s.backoff.Step())
	}
	return machine.Event{Kind: machine.Waited, Ended: isClosed(s.ended)}
}

// sleep waits until the time is over, ctx ends or wake is closed.
func sleep(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// endOf returns how a response ended, from its error.
func endOf(err error) machine.End {
	switch {
	case err == nil:
		return machine.GoesOn
	case errors.Is(err, io.EOF):
		return machine.Closed
	case errors.Is(err, dedup.ErrAgain):
		return machine.Again
	default:
		return machine.Broken
	}
}
