// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// diskPause is how long a failed disk is not used. Otherwise each line would try it.
const diskPause = time.Second

// Gap records that lines may be missing here. It sets the position of the gap.
func (s *StreamWriter) Gap(g Gap) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.ended {
		return
	}
	g.AfterLine, g.At = s.given, s.lastAt
	s.record(g)
}

// GapAtStart records that lines may be missing before the first one.
func (s *StreamWriter) GapAtStart(reason string) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if !s.ended {
		s.record(Gap{Reason: reason})
	}
}

// record inserts a gap in order of AfterLine. A gap with the same place and reason as another one is added to that one.
// Here and below, the caller holds the lock.
func (s *StreamWriter) record(g Gap) {
	s.l.dirty = true
	gaps := s.stream.Gaps
	at := len(gaps)
	for at > 0 && gaps[at-1].AfterLine > g.AfterLine {
		at--
	}
	for same := at - 1; same >= 0 && gaps[same].AfterLine == g.AfterLine; same-- {
		if gaps[same].Reason == g.Reason {
			gaps[same].Lines += g.Lines
			gaps[same].Bytes += g.Bytes
			return
		}
	}
	s.stream.Gaps = slices.Insert(gaps, at, g)
}

// room reports whether that many more bytes can be taken.
func (s *StreamWriter) room(size int64) bool {
	w := s.l.w
	if s.file == nil {
		size += fileBytes
	}
	return s.refused == "" && w.spooled.room(s.l.index.Namespace, size) && w.Clock.Now().UnixNano() >= w.diskAgain.Load()
}

// drop counts lines and bytes for which there is no room.
func (s *StreamWriter) drop(lines, bytes int64) {
	if !s.dropping {
		s.dropping = true
		s.dropped = Gap{AfterLine: s.given, At: s.lastAt, Reason: v1alpha1.ReasonLogsArchiveFull}
		if s.refused != "" {
			s.dropped.Reason = s.refused
		}
	}
	s.dropped.Lines += lines
	s.dropped.Bytes += bytes
	s.l.w.metrics.dropped.WithLabelValues(s.dropped.Reason).Add(float64(lines))
}

// settle records the gap of dropped lines, because there is room again or nothing follows.
func (s *StreamWriter) settle() {
	if s.dropping {
		s.dropping = false
		s.record(s.dropped)
	}
}

// fail drops the part that is being written, because the disk failed. The rest of the line that is being written is
// lost with it.
func (s *StreamWriter) fail(err error) {
	w := s.l.w
	s.l.logger().Error(err, "Spooling a log for the archive failed; lines are missing from the archive", "pod", s.podKey(), "container", s.stream.Container)
	w.diskAgain.Store(w.Clock.Now().Add(diskPause).UnixNano())
	part := s.part
	s.removePart()
	s.lose(s.given-part.Lines, s.before, part, v1alpha1.ReasonLogsArchiveFull)
	s.lastAt, s.open, s.cut = s.before, part.Continues, true
}

// refuse drops the part of the stream that is not in the bucket, and everything after it, with a reason.
func (s *StreamWriter) refuse(reason string) {
	s.l.logger().V(1).Info("The rest of a container's log is not archived", "pod", s.podKey(), "container", s.stream.Container, "reason", reason)
	s.settle()
	var lost Part
	lose := func(p Part) {
		lost.Lines += p.Lines
		lost.Bytes += p.Bytes
	}
	s.l.queue = slices.DeleteFunc(s.l.queue, func(p closedPart) bool {
		if p.stream != s {
			return false
		}
		lose(p.part)
		s.l.release(p.part.Bytes)
		s.l.removeFile(p.file)
		return true
	})
	if s.file != nil {
		lose(s.part)
		s.removePart()
	}
	if lost != (Part{}) {
		s.lose(s.stream.Lines(), s.lastArchived(), lost, reason)
	}
	s.lastAt, s.cut, s.refused = s.lastArchived(), true, reason
}

// lose records that a piece is lost after a number of lines. Gaps within and behind the piece move to their place in
// the rest.
func (s *StreamWriter) lose(after int64, at time.Time, lost Part, reason string) {
	moved := func(g *Gap) {
		if g.AfterLine <= after {
			return
		}
		if g.AfterLine = max(after, g.AfterLine-lost.Lines); g.AfterLine == after {
			g.At = at
		}
	}
	later := slices.IndexFunc(s.stream.Gaps, func(g Gap) bool { return g.AfterLine > after })
	if later < 0 {
		later = len(s.stream.Gaps)
	}
	behind := slices.Clone(s.stream.Gaps[later:])
	s.stream.Gaps = s.stream.Gaps[:later]
	s.record(Gap{AfterLine: after, At: at, Lines: lost.Lines, Bytes: lost.Bytes, Reason: reason})
	for i := range behind {
		moved(&behind[i])
		s.record(behind[i])
	}
	moved(&s.dropped)
	s.given -= lost.Lines
	s.l.w.metrics.dropped.WithLabelValues(reason).Add(float64(lost.Lines))
}

func (s *StreamWriter) podKey() types.NamespacedName {
	return types.NamespacedName{Namespace: s.l.index.Namespace, Name: s.stream.Pod}
}

func (s *StreamWriter) lastArchived() time.Time {
	if n := len(s.stream.Parts); n > 0 {
		return s.stream.Parts[n-1].Last
	}
	return time.Time{}
}
