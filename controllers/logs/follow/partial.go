package follow

import (
	"hash/maphash"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/cursor"
)

// partial is a long line of which a part was handed on, before its connection broke. When it comes again it is
// read on from there: it need not be held, however long it is.
type partial struct {
	at time.Time
	// hash of the head, by which the line is known again.
	hash uint64
	// length of what was handed on, in bytes, and its sum.
	length int64
	sum    *maphash.Hash
}

func (p *partial) is(line cursor.Line) bool {
	return p != nil && line.More && p.at.Equal(line.At) && p.hash == line.Hash
}

func (s *stream) newPartial(at time.Time, head []byte, hash uint64) *partial {
	p := &partial{at: at, hash: hash, length: int64(len(head)), sum: s.cursor.NewHash()}
	_, _ = p.sum.Write(head) // never fails, says its documentation
	return p
}

// readPartial hands on the rest of a long line.
func (s *stream) readPartial(reader *cursor.Reader) error {
	for {
		piece, whole, err := reader.Rest()
		s.lastRead.Store(s.clock.Now().UnixNano())
		if s.handOn(piece, whole) || err != nil {
			return err
		}
	}
}

func (s *stream) handOn(piece []byte, whole bool) (done bool) {
	at := s.partial.at
	s.passPartial(piece, whole)
	s.pace.fresh += int64(len(piece))
	s.flow.print(at, int64(len(piece)))
	s.sink.more(piece, whole)
	return whole
}

// passPartial takes note of a further piece of the long line.
func (s *stream) passPartial(piece []byte, whole bool) {
	_, _ = s.partial.sum.Write(piece)
	s.partial.length += int64(len(piece))
	if whole {
		s.partial = nil
	}
}

// resumePartial passes over what was handed on of a long line that came again, and hands on the rest. When it is
// not the same line after all, what there is of the first one ends there, with a gap.
func (s *stream) resumePartial(reader *cursor.Reader, line cursor.Line) error {
	left, sum := s.partial.length, s.cursor.NewHash()
	piece, whole, err := line.Head, false, error(nil)
	for {
		known := min(left, int64(len(piece)))
		_, _ = sum.Write(piece[:known])
		left -= known
		switch {
		case left == 0 && sum.Sum64() != s.partial.sum.Sum64(), left > 0 && whole:
			s.abandonPartial(v1alpha1.ReasonLogsRotated)
			return nil
		case left == 0 && (s.handOn(piece[known:], whole) || err != nil):
			return err
		case left == 0:
			return s.readPartial(reader)
		case err != nil:
			return err // cut again, before it got as far as the last time
		}
		piece, whole, err = reader.Rest()
		s.lastRead.Store(s.clock.Now().UnixNano())
	}
}

// abandonPartial ends a line of which nothing more will come: with the log when there is no reason, otherwise
// because something is missing.
func (s *stream) abandonPartial(reason string) {
	if s.partial == nil {
		return
	}
	s.partial = nil
	if reason == "" {
		s.sink.cut()
		return
	}
	s.sink.more(nil, true)
	s.gap(reason)
}
