package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/taskexec/taskexec/controllers/logs/replay"
)

// events answers with Server-Sent Events: one for each entry, and one at the end.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
func (l *servedLog) events(w http.ResponseWriter, r *http.Request) error {
	out := newStream(w, "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies that hold answers back
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, leave := l.logs.lasting(r.Context(), out, ": still here\n\n")
	defer leave()
	log := l.log()
	log.Opened = func() {
		if !out.started() {
			_, _ = fmt.Fprint(out, "retry: 2000\n\n")
			_ = out.flush() // an error comes again with the next write
		}
	}
	gap := false
	visit := func(line replay.Line) error {
		if log.Gap && !gap {
			gap = true
			_, _ = fmt.Fprintf(out, "event: gap\ndata: %s\n\n", mustJSON(wireLogGap{}))
		}
		entry, _, err := wireLine(line)
		if err != nil || !l.query.atLeast(entry.Level) {
			return err
		}
		_, err = fmt.Fprintf(out, "id: %s\nevent: entry\ndata: %s\n\n", line.Position, mustJSON(entry))
		return err
	}
	err := l.read(ctx, log, visit)
	if l.withoutArchive(ctx, err) && log.Position == l.query.from { // nothing of it was sent
		if err = l.look(ctx); err == nil {
			err = l.read(ctx, log, visit)
		}
	}
	if errors.Is(context.Cause(ctx), errStopping) {
		leave()
		return l.stopped(out)
	}
	if err != nil {
		return out.giveUp(r.Context(), logProblem(err))
	}
	return l.endOf(r, log, out)
}

// endOf sends the last event.
func (l *servedLog) endOf(r *http.Request, log *replay.Log, out *stream) error {
	if l.onlyTail() && log.Position == l.query.from { // nothing of it was sent
		for _, e := range l.mirrored() {
			_, _ = fmt.Fprintf(out, "event: entry\ndata: %s\n\n", mustJSON(e))
		}
	}
	end := wireLogEnd{statusOf(l.execution), l.completeness()}
	_, _ = fmt.Fprintf(out, "id: %s%s\nevent: end\ndata: %s\n\n", log.Position, endMark, mustJSON(end))
	if err := out.flush(); err != nil {
		return out.giveUp(r.Context(), logProblem(err))
	}
	return nil
}

// stopped ends the stream where it is: its client comes again with the id that it had last.
func (l *servedLog) stopped(out *stream) error {
	if !out.started() {
		return unavailable("the facade is stopping; try again")
	}
	_ = out.flush() // the client will see
	return nil
}
