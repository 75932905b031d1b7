// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/lines"
	"github.com/taskexec/taskexec/controllers/logs/parse"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// text answers with the log as the program printed it.
func (l *servedLog) text(w http.ResponseWriter, r *http.Request) error {
	out := web.NewStream(w, "text/plain; charset=utf-8")
	l.sayCompleteness(w.Header())
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, leave := l.Logs.Lasting(r.Context(), out, "")
	defer leave()
	log, count, printer := l.log(), 0, printer{out: out, timestamps: l.query.timestamps}
	counts := l.counts() // without a level, lines need not be parsed
	if l.query.follow {
		log.Opened = func() { _ = out.Flush() } // the next write returns the error again
	}
	visit := func(line replay.Line) error {
		if l.query.limit > 0 && count == l.query.limit {
			return errEnough
		}
		if counts != nil && !counts(line) {
			return nil
		}
		if err := printer.print(line); err != nil {
			return err
		}
		count++
		return nil
	}
	err := l.read(ctx, log, visit)
	if l.withoutArchive(ctx, err) && out.Discard() { // nothing was sent yet
		log.Position, count, printer.written, printer.open = l.query.from, 0, 0, false
		if err = l.look(ctx); err == nil {
			l.sayCompleteness(w.Header())
			err = l.read(ctx, log, visit)
		}
	}
	if err == nil && (l.onlyTail() || l.tailSoFar()) && log.Position == l.query.from { // nothing was sent yet
		err = l.printTail(out)
	}
	if err == nil || errors.Is(err, errEnough) {
		err = out.Flush()
	}
	if err != nil {
		if !out.Started() {
			w.Header().Del(headerLogComplete)
			w.Header().Del(headerLogReason)
		}
		return out.GiveUp(r.Context(), logProblem(err))
	}
	return nil
}

// The headers of a log as text: whether it is complete, if that is known before it is sent, and the reason if it is
// not.
const (
	headerLogComplete = "Log-Complete"
	headerLogReason   = "Log-Reason"
)

func (l *servedLog) sayCompleteness(header http.Header) {
	c := l.completeness()
	if c.Complete == nil {
		return
	}
	header.Set(headerLogComplete, strconv.FormatBool(*c.Complete))
	if header.Del(headerLogReason); c.Reason != "" {
		header.Set(headerLogReason, c.Reason)
	}
}

// levelOf returns the level of a line whose rest has not been read. The level of a long line is that of its beginning.
func levelOf(line replay.Line) string {
	cut := int64(0)
	if len(line.Head) > lines.MaxHead {
		cut = 1
	}
	entry := parse.Line(line.At, line.Head, cut)
	return string(entry.Level)
}

// printer writes lines as the program printed them.
type printer struct {
	out        io.Writer
	timestamps bool
	// partial is the position of an incomplete line, and written is how many of its bytes were written.
	partial replay.Position
	written int
	// open says that the last line had no newline. What follows is from another container.
	open bool
}

// print writes a line. It returns replay.ErrGrowing if the line is not complete yet, and replay.ErrBroken if the rest of
// the line could not be read.
func (p *printer) print(line replay.Line) error {
	before := p.written
	p.written = 0
	if p.open {
		p.open = false
		if _, err := io.WriteString(p.out, "\n"); err != nil {
			return err
		}
	}
	switch {
	case before > 0 && p.partial != line.Position: // the rest of the partial line never came
		if _, err := io.WriteString(p.out, "\n"); err != nil {
			return err
		}
		before = 0
		fallthrough
	case before == 0 && p.timestamps:
		if err := p.stamp(line); err != nil {
			return err
		}
	}
	read := 0
	piece, whole, err := line.Head, false, error(nil)
	for {
		if read+len(piece) > before {
			if _, err := p.out.Write(piece[max(0, before-read):]); err != nil {
				return err
			}
		}
		read += len(piece)
		if whole || err != nil {
			break
		}
		piece, whole, err = line.Rest()
	}
	if !whole {
		if err := line.Unfinished(err); err != nil {
			p.partial, p.written = line.Position, max(read, before)
			return err
		}
		p.open = true
		return nil
	}
	_, err = io.WriteString(p.out, "\n")
	return err
}

func (p *printer) stamp(line replay.Line) error {
	if !p.timestamps {
		return nil
	}
	_, err := p.out.Write(lines.AppendStamp(nil, line.At))
	return err
}

// printTail writes the tail in the status.
func (l *servedLog) printTail(out io.Writer) error {
	for _, e := range l.mirrored() {
		text := e.Message
		if l.query.timestamps {
			text = string(lines.AppendStamp(nil, e.Timestamp)) + text
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return nil
}
