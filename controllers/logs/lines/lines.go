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
	// MaxHead is how much of one line is held for those who look into it, in bytes. The rest passes by.
	MaxHead = 32 << 10
	// bufferSize is the memory for reading one log, in bytes; a whole head with its timestamp fits into it.
	bufferSize = MaxHead + 2*maxStamp
	// maxStamp is more than the length of any timestamp: 2006-01-02T15:04:05.999999999+07:00.
	maxStamp = 40
)

// Line is the beginning of a line as it came.
type Line struct {
	// At is zero when the line had no timestamp: it continues one that was cut, or is the kubelet's own word.
	At time.Time
	// Head is the beginning of the text, without timestamp and newline. It is valid until the next read.
	Head []byte
	// Whole: Head is all of the line, and its newline came.
	Whole bool
	// More: the line is longer than Head; Rest has what follows.
	More bool
}

// Reader reads lines, each with the kubelet's timestamp and a space before it.
type Reader struct {
	r *bufio.Reader
	// rest: the line that Next gave has not been read to its end.
	rest bool
}

// buffers that no Reader has: a short log is read in less time than it takes to clear one.
var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, bufferSize) }}

// NewReader makes a Reader. Who gives it back with Release spares the next one its buffer.
func NewReader(r io.Reader) *Reader {
	buffer := buffers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool has nothing else
	buffer.Reset(r)
	return &Reader{r: buffer}
}

// Release ends the reading, of the Reader and of the lines that it gave.
func (l *Reader) Release() {
	l.r.Reset(nil)
	buffers.Put(l.r)
	l.r = nil
}

// Next gives the next line, and passes over what was not read of the one before. At the end of the log it gives
// what is left, which has no newline, together with io.EOF; and so with any other error.
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

// Rest gives the next piece of a line that is longer than its head, without the newline. whole tells that the
// newline came, so that the line is read to its end. The piece is valid until the next read.
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

// cutStamp takes the kubelet's timestamp off a line; the time is zero when there is none.
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

// AppendStamp appends a time as the kubelet writes it before a line, with its space.
func AppendStamp(to []byte, at time.Time) []byte {
	return append(at.UTC().AppendFormat(to, time.RFC3339Nano), ' ')
}
