// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// events answers with Server-Sent Events: one for each entry, and one at the end.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
func (l *servedLog) events(w http.ResponseWriter, r *http.Request) error {
	out := web.NewStream(w, "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // for proxies that buffer answers
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, leave := l.Logs.Lasting(r.Context(), out, ": still here\n\n")
	defer leave()
	log := l.log()
	log.Opened = func() {
		if !out.Started() {
			_, _ = fmt.Fprint(out, "retry: 2000\n\n")
			_ = out.Flush() // the next write returns the error again
		}
	}
	gap := false
	visit := func(line replay.Line) error {
		if log.Gap && !gap {
			gap = true
			_, _ = fmt.Fprintf(out, "event: gap\ndata: %s\n\n", web.MustJSON(LogGap{}))
		}
		entry, _, err := wireLine(line)
		if err != nil || !l.query.atLeast(entry.Level) {
			return err
		}
		_, err = fmt.Fprintf(out, "id: %s\nevent: entry\ndata: %s\n\n", line.Position, web.MustJSON(entry))
		return err
	}
	err := l.read(ctx, log, visit)
	if l.withoutArchive(ctx, err) && log.Position == l.query.from { // nothing was sent yet
		if err = l.look(ctx); err == nil {
			err = l.read(ctx, log, visit)
		}
	}
	if errors.Is(context.Cause(ctx), web.ErrStopping) {
		leave()
		return l.stopped(out)
	}
	if err != nil {
		return out.GiveUp(r.Context(), logProblem(err))
	}
	return l.endOf(r, log, out)
}

// endOf sends the last event.
func (l *servedLog) endOf(r *http.Request, log *replay.Log, out *web.Stream) error {
	if l.onlyTail() && log.Position == l.query.from { // nothing was sent yet
		for _, e := range l.mirrored() {
			_, _ = fmt.Fprintf(out, "event: entry\ndata: %s\n\n", web.MustJSON(e))
		}
	}
	end := LogEnd{wire.StatusOf(l.execution), l.completeness()}
	_, _ = fmt.Fprintf(out, "id: %s%s\nevent: end\ndata: %s\n\n", log.Position, web.EndMark, web.MustJSON(end))
	if err := out.Flush(); err != nil {
		return out.GiveUp(r.Context(), logProblem(err))
	}
	return nil
}

// stopped ends the stream where it is. Its client reconnects with the id of the last event.
func (l *servedLog) stopped(out *web.Stream) error {
	if !out.Started() {
		return web.Unavailable("the facade is stopping; try again")
	}
	_ = out.Flush() // the client will notice an error
	return nil
}
