// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// spoolBuffer is the size of the write buffer of one stream, in bytes.
const spoolBuffer = 16 << 10

// clearSpool creates the folder if needed, and removes only the files of an earlier process from it.
func clearSpool(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".part") || f.IsDir() {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// StreamWriter accepts the log of one container run. One goroutine at a time calls its methods. They do not wait for
// the bucket and return no error: lines that cannot be kept become a gap.
type StreamWriter struct {
	l      *Log
	stream Stream
	// l.mu guards the fields below.

	// part is the part that is being written, and file its file, or nil.
	part   Part
	file   *os.File
	buffer *bufio.Writer
	age    clock.Timer
	// before is the timestamp of the last line before the part.
	before time.Time
	// open means that the accepted text ends within a line.
	open bool
	// going means that the last line continues; cut, that the rest of it is dropped.
	going, cut bool
	// dropped counts lines and bytes for which there was no room. It becomes a gap when there is room again.
	dropped  Gap
	dropping bool
	// given is how many lines the stream has without dropped ones, and lastAt the timestamp of the last one.
	given  int64
	lastAt time.Time
	stamp  []byte
	ended  bool
	// listed means that the index in the bucket has the stream, so that its parts are found after a crash.
	listed bool
	// refused is the reason why no more lines are accepted, or empty.
	refused string
}

var newline = []byte("\n")

// ending returns what ends a piece of a line.
func ending(whole bool) []byte {
	if whole {
		return newline
	}
	return nil
}

// Line begins a line. If the line is whole, its newline is written.
func (s *StreamWriter) Line(at time.Time, head []byte, whole bool) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.ended {
		return
	}
	s.going, s.cut = !whole, false
	s.stamp = lines.AppendStamp(s.stamp[:0], at)
	size := int64(len(s.stamp) + len(head) + len(ending(whole)))
	if !s.room(size + 1) {
		s.cut = true
		s.drop(1, size)
		return
	}
	s.settle()
	err := s.openPart()
	if s.part.Lines == 0 || at.Before(s.part.First) {
		s.part.First = at
	}
	if s.part.Lines == 0 || at.After(s.part.Last) {
		s.part.Last = at
	}
	s.part.Lines++
	s.given, s.lastAt = s.given+1, at
	// A cut line ends here.
	s.write(err, whole, ending(s.open), s.stamp, head, ending(whole))
}

// More continues the last line. whole reports that it ends here.
func (s *StreamWriter) More(piece []byte, whole bool) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	size := int64(len(piece) + len(ending(whole)))
	if s.ended || !s.going || size == 0 {
		return
	}
	s.going = !whole
	if s.cut || !s.room(size) {
		s.cut = true
		s.drop(0, size)
		return
	}
	s.write(s.openPart(), whole, piece, ending(whole))
}

// End declares that the log was read to its end.
func (s *StreamWriter) End() {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.ended {
		return
	}
	s.settle()
	s.ended, s.stream.Ended, s.l.dirty = true, true, true
	s.closePart()
	s.l.wake()
}

// openPart opens a part if none is open.
func (s *StreamWriter) openPart() error {
	if s.file != nil {
		return nil
	}
	s.part, s.before = Part{Continues: s.open}, s.lastAt
	file, err := s.l.newFile()
	if err != nil {
		return err
	}
	s.file, s.buffer = file, bufio.NewWriterSize(file, spoolBuffer)
	s.age = s.l.w.Clock.AfterFunc(s.l.w.PartAge, func() { s.aged(file) })
	return nil
}

// aged closes a part that is old enough, unless the bucket fails: that would only create more files.
func (s *StreamWriter) aged(file *os.File) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	switch {
	case s.file != file:
	case s.l.failure != nil:
		s.age = s.l.w.Clock.AfterFunc(s.l.w.PartAge, func() { s.aged(file) })
	default:
		s.closePart()
	}
}

// write appends to the part. err is that of opening the part. A failing disk counts as full.
func (s *StreamWriter) write(err error, whole bool, pieces ...[]byte) {
	var size int64
	for _, text := range pieces {
		size += int64(len(text))
		if err == nil {
			_, err = s.buffer.Write(text)
		}
	}
	s.part.Bytes += size
	s.l.pending += size
	s.l.w.spooled.add(s.l.index.Namespace, size)
	if err != nil {
		s.fail(err)
		return
	}
	s.open = !whole
	if s.part.Bytes >= s.l.w.PartBytes {
		s.closePart()
	}
}

// closePart queues the part to be uploaded.
func (s *StreamWriter) closePart() {
	if s.file == nil {
		return
	}
	name := s.file.Name()
	if err := s.buffer.Flush(); err != nil {
		s.fail(fmt.Errorf("writing %s: %w", name, err))
		return
	}
	if err := s.file.Close(); err != nil {
		s.fail(fmt.Errorf("closing %s: %w", name, err))
		return
	}
	s.age.Stop()
	s.l.queue = append(s.l.queue, closedPart{stream: s, part: s.part, file: name})
	s.file, s.buffer, s.part = nil, nil, Part{}
	s.l.wake()
}

// removePart drops the part that is being written.
func (s *StreamWriter) removePart() {
	s.l.release(s.part.Bytes)
	if s.file != nil {
		s.age.Stop()
		_ = s.file.Close()
		s.l.removeFile(s.file.Name())
	}
	s.file, s.buffer, s.part = nil, nil, Part{}
}

func newStream(run *source.ContainerRun) Stream {
	return Stream{StreamID: IDOf(run), Role: run.Role, StartedAt: run.StartedAt, Place: run.Place, Index: run.Index}
}
