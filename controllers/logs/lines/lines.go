// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lines reads the lines of a container's log, of any length, in bounded memory.
package lines

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
	"time"
)

const (
	// MaxHead is how much of a line is in memory at once, in bytes. Callers get the rest in pieces.
	MaxHead = 32 << 10
	// bufferSize is the memory for reading one log, in bytes; a whole head with its timestamp fits into it.
	bufferSize = MaxHead + 2*maxStamp
	// maxStamp is more than the length of any timestamp: 2006-01-02T15:04:05.999999999+07:00.
	maxStamp = 40
)

// Line is the beginning of a line.
type Line struct {
	// At is zero if the line has no timestamp: it continues a line that was cut, or is a message of the kubelet.
	At time.Time
	// Head is the beginning of the text, without timestamp and newline. It is valid until the next read.
	Head []byte
	// Whole means that Head is the complete line, and its newline came.
	Whole bool
	// More means that the line is longer than Head. Rest returns what follows.
	More bool
}

// Reader reads lines, each with the kubelet's timestamp and a space before it.
type Reader struct {
	r *bufio.Reader
	// rest means that the line of the last Next is not read to its end.
	rest bool
}

// buffers are unused buffers. Reading a short log takes less time than allocating a buffer.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, bufferSize) }}

// NewReader returns a Reader. Release returns its buffer.
func NewReader(r io.Reader) *Reader {
	buffer := buffers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool has nothing else
	buffer.Reset(r)
	return &Reader{r: buffer}
}

// Release ends the use of the Reader and of the lines that it returned.
func (l *Reader) Release() {
	l.r.Reset(nil)
	buffers.Put(l.r)
	l.r = nil
}

// Next returns the next line, and skips the unread rest of the line before. Together with an error, io.EOF or another,
// it returns a last line without a newline.
func (l *Reader) Next() (Line, error) {
	for l.rest {
		if _, _, err := l.Rest(); err != nil {
			return Line{}, err
		}
	}
	piece, err := l.r.ReadSlice('\n')
	l.rest = errors.Is(err, bufio.ErrBufferFull)
	if l.rest {
		err = nil
	}
	var line Line
	line.At, line.Head = cutStamp(piece)
	line.More, line.Whole = l.rest, err == nil && !l.rest
	if line.Whole {
		line.Head = line.Head[:len(line.Head)-1]
	}
	return line, err
}

// Rest returns the next piece of a line that is longer than its head, without the newline. whole means that the newline
// came, so that the line is read to its end. The piece is valid until the next read.
func (l *Reader) Rest() (piece []byte, whole bool, err error) {
	if !l.rest {
		return nil, true, nil
	}
	piece, err = l.r.ReadSlice('\n')
	switch {
	case err == nil:
		l.rest = false
		return piece[:len(piece)-1], true, nil
	case errors.Is(err, bufio.ErrBufferFull):
		return piece, false, nil
	default:
		l.rest = false
		return piece, false, err
	}
}

// cutStamp splits a line into the kubelet's timestamp and the rest. The time is zero if there is none.
func cutStamp(line []byte) (time.Time, []byte) {
	head := line[:min(len(line), maxStamp)]
	stamp, _, found := bytes.Cut(head, []byte(" "))
	if !found || len(stamp) < len("2006-01-02T15:04:05Z") {
		return time.Time{}, line
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return time.Time{}, line
	}
	return at, line[len(stamp)+1:]
}

// IsCutStamp reports whether a text without a timestamp may be the beginning of one: its response was cut there.
func IsCutStamp(text []byte) bool {
	return len(text) > 0 && len(text) < maxStamp && len(bytes.Trim(text, "0123456789-:.TZ+")) == 0
}

// AppendStamp appends a time with a space, as the kubelet writes it before a line.
func AppendStamp(to []byte, at time.Time) []byte {
	return append(at.UTC().AppendFormat(to, time.RFC3339Nano), ' ')
}
