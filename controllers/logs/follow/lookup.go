package follow

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// lineOverhead is about what the runtime adds to a line in its file, in bytes: a time stamp, a stream, a tag.
const lineOverhead = 40

// stampBytes are enough of a log to have its first time stamp.
const stampBytes = 64

// fileBegins asks for the time stamp with which the present file begins. It is not known when the file is empty.
func (s *stream) fileBegins(ctx context.Context) (at time.Time, known bool) {
	body, err := s.open(ctx, source.Request{Limit: stampBytes})
	if err != nil {
		return time.Time{}, false
	}
	defer func() { _ = body.Close() }() // nothing was written
	reader := lines.NewReader(body)
	defer reader.Release()
	line, _ := reader.Next() // an error, too, says that it is not known
	return line.At, !line.At.IsZero()
}

// lookUp judges whether the file was rotated while the program printed fast.
func (s *stream) lookUp(ctx context.Context) {
	begins, known := s.fileBegins(ctx)
	now := s.clock.Now()
	if !known {
		s.flow.looked = now
		return
	}
	if s.flow.rotated(begins, now) {
		s.gap(v1alpha1.ReasonLogsRotated)
	}
}

// watchFlow judges, as lines come, what can be judged by now.
func (s *stream) watchFlow(ctx context.Context) {
	if !s.headJudged && s.flow.headKnown() {
		s.judgeHead()
	}
	if s.flow.shouldLook(s.clock.Now(), s.fileSize) {
		s.lookUp(ctx)
	}
}

func (s *stream) judgeHead() {
	s.headJudged = true
	if s.flow.lateStart(s.run.StartedAt, s.firstOpened, s.fileSize) {
		s.sink.headless(v1alpha1.ReasonLogsRotated)
	}
}

// present tells whether a line that was read is in the file that the kubelet gives now, so that no file was passed
// over since.
func (s *stream) present(ctx context.Context, at time.Time, hash uint64) bool {
	body, err := s.open(ctx, source.Request{Since: at.Truncate(time.Second)})
	if err != nil {
		return false
	}
	defer func() { _ = body.Close() }() // nothing was written
	reader := lines.NewReader(body)
	defer reader.Release()
	for err == nil {
		var line lines.Line
		line, err = reader.Next()
		if line.At.Equal(at) && s.cursor.Hash(line.Head) == hash {
			return true
		}
	}
	return false
}

// lookBack judges, before the first new line of a resumed read and at the end of the last one, whether it went on
// where the one before it ended.
func (s *stream) lookBack() {
	if s.suspect != nil && !s.cursor.Replayed() && !s.suspect.unbroken(s.finished()) {
		s.gap(v1alpha1.ReasonLogsRotated)
	}
	s.suspect = nil
}

// endOfLong judges whether a very long line that has ended is whole. There are no time stamps within it, so that it
// suffices that the file was rotated since it began.
func (s *stream) endOfLong(ctx context.Context, long *partial) {
	if s.partial != nil || long.length < longLine || ctx.Err() != nil {
		return
	}
	if begins, known := s.fileBegins(ctx); !known || begins.After(long.at) {
		s.gap(v1alpha1.ReasonLogsRotated)
	}
}

// conclude judges, at the end of the log, what was left open.
func (s *stream) conclude(ctx context.Context) {
	s.lookBack()
	if !s.headJudged && s.resumed {
		s.judgeHead()
	}
	if long := s.partial; long != nil {
		s.abandonPartial("")
		s.endOfLong(ctx, long)
	}
}

// gap says that lines may be missing.
func (s *stream) gap(reason string) {
	s.said = true
	s.sink.gap(reason)
}
