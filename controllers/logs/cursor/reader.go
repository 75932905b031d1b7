package cursor

import (
	"errors"
	"io"
	"time"

	"github.com/taskexec/taskexec/controllers/logs/lines"
)

// ErrAgain ends a read that skipped its first line and should not have: the log is to be read once more, from
// Since. It comes at most twice in a row.
var ErrAgain = errors.New("the log is to be read once more")

// Reader reads a log over one connection, and tells which of its lines are new to the Cursor.
//
// The first line wants care. When a file is rotated within a line, containerd ends it with the beginning of that line,
// and begins the next file with the rest, stamped anew (redirectLogs in its internal/cri/io, when a log is reopened).
// Who reads on from the old file is given one line; who begins with the new one is given its rest as a line of its own.
// So a first line that is stamped earlier than the last one that was read, and was not read, is judged by the next one:
// a file has no new line before one that was read.
//
// Within a read, a kubelet may begin a file anew that it has given already: it opens the newest file when it learns of
// one that was passed over, and once more when it learns of that file itself. Stamps then go back, and the file is looked
// into: when it has the line that came last after the one that came now, this one was read before.
type Reader struct {
	lines  *lines.Reader
	cursor *Cursor
	open   Open
	begun  bool
}

// Open gives the present file from a time in whole seconds on, without following it.
type Open func(since time.Time) (io.ReadCloser, error)

// Line of a log.
type Line struct {
	lines.Line
	// Hash of its head, as Accept wants it.
	Hash uint64
	// New: it was not read before, and is remembered now. Only a line that is Whole or has More is judged.
	New bool
	// Anew: from this line on the present file is given once more, because another one was passed over before it.
	Anew bool
}

// NewReader begins to read what a new connection brings: the log from Since on. It resumes the cursor.
func NewReader(log io.Reader, c *Cursor, open Open) *Reader {
	c.Resume()
	return &Reader{lines: lines.NewReader(log), cursor: c, open: open}
}

// Next is that of lines.Reader. Its error may be ErrAgain.
func (r *Reader) Next() (Line, error) {
	line, err := r.next()
	if !line.judged() {
		return line, err
	}
	first := !r.begun
	r.begun = true
	switch l := line.remembered(); {
	case !first && r.cursor.wentBack(l) && r.anew(l):
		r.cursor.Resume()
		line.Anew = true
		if !r.cursor.knows(l) { // a file has no new line before one that was read
			return line, err
		}
	case first && r.cursor.doubts(l):
		line, err = r.next()
		switch {
		case line.judged() && r.cursor.knows(line.remembered()):
		case err != nil && !errors.Is(err, io.EOF):
			return Line{}, err
		default:
			r.cursor.believe(l, line.judged())
			return Line{}, ErrAgain
		}
	}
	line.New = r.cursor.Accept(line.At, line.Hash)
	return line, err
}

// anew tells whether the present file has a line before the one that was accepted last.
func (r *Reader) anew(l line) bool {
	log, err := r.open(time.Unix(0, l.at).UTC().Truncate(time.Second))
	if err != nil {
		return false
	}
	defer func() { _ = log.Close() }() // nothing was written
	last := r.cursor.recent[len(r.cursor.recent)-1].line
	found := false
	reader := lines.NewReader(log)
	defer reader.Release()
	for err == nil {
		var line lines.Line
		line, err = reader.Next()
		switch read := lineOf(line.At, r.cursor.Hash(line.Head)); {
		case read == last:
			return found
		case read == l:
			found = true
		}
	}
	return false
}

func (r *Reader) next() (line Line, err error) {
	line.Line, err = r.lines.Next()
	line.Hash = r.cursor.Hash(line.Head)
	return line, err
}

func (l *Line) judged() bool { return (l.Whole || l.More) && !l.At.IsZero() }

// Release is that of lines.Reader.
func (r *Reader) Release() { r.lines.Release() }

// Rest is that of lines.Reader.
func (r *Reader) Rest() (piece []byte, whole bool, err error) { return r.lines.Rest() }

func (l *Line) remembered() line { return lineOf(l.At, l.Hash) }
