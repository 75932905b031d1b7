package follow

import (
	"bufio"
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"time"
)

const (
	// bufferSize is the memory for reading one stream, in bytes.
	bufferSize = 16 << 10
	// maxKept is how much of one line is kept for parsing, in bytes. The rest is counted and forgotten.
	maxKept = 32 << 10
	// maxStamp is more than the length of any timestamp: 2006-01-02T15:04:05.999999999+07:00.
	maxStamp = 40
)

// rawLine is one line as it came.
type rawLine struct {
	// at is zero when the line had no timestamp: it continues one that was cut.
	at time.Time
	// kept is the beginning of the line, without timestamp and newline. It is valid until the next read.
	kept []byte
	// length of the whole line without timestamp, in bytes, with its newline.
	length int64
	// hash of the whole line without timestamp.
	hash uint64
	// whole: the line ended with a newline.
	whole bool
}

// lineReader reads lines of any length in bounded memory.
type lineReader struct {
	r       *bufio.Reader
	newHash func() *maphash.Hash
	kept    []byte
}

func newLineReader(r io.Reader, newHash func() *maphash.Hash) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, bufferSize), newHash: newHash}
}

// next gives the next line. At the end it gives what is left, if anything, with the error.
func (l *lineReader) next() (rawLine, error) {
	var line rawLine
	hash := l.newHash()
	l.kept = l.kept[:0]
	first := true
	for {
		piece, err := l.r.ReadSlice('\n')
		if first {
			line.at, piece = cutStamp(piece)
			first = false
		}
		line.length += int64(len(piece))
		text := piece
		if err == nil {
			line.whole = true
			text = bytes.TrimSuffix(bytes.TrimSuffix(piece, []byte("\n")), []byte("\r"))
		}
		_, _ = hash.Write(text) // never fails, says its documentation
		if room := maxKept - len(l.kept); room > 0 {
			l.kept = append(l.kept, text[:min(room, len(text))]...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		line.kept, line.hash = l.kept, hash.Sum64()
		return line, err
	}
}

// cutStamp takes the kubelet's timestamp off a line; the time is zero when there is none.
func cutStamp(line []byte) (time.Time, []byte) {
	head := line[:min(len(line), maxStamp)]
	stamp, _, found := bytes.Cut(head, []byte(" "))
	if !found {
		return time.Time{}, line
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return time.Time{}, line
	}
	return at, line[len(stamp)+1:]
}
