// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// changesAtOnce is how many changes are read from the index at once.
const changesAtOnce = 100

// watchQuery is the query of a watch.
type watchQuery struct {
	taskName string
	logs     bool
	// resumes says that the client has received everything up to version. ended says that it has received the last
	// event.
	resumes, ended bool
	version        uint64
}

var watchParameters = web.Parameters[watchQuery]{
	"taskName":    func(q *watchQuery, value string) string { return web.NameOf(&q.taskName, value, "the name of a task") },
	"lastEventId": func(q *watchQuery, value string) string { return q.resume(value) },
}

var watchOneParameters = web.Parameters[watchQuery]{
	"logs":        func(q *watchQuery, value string) string { return web.Boolean(&q.logs, value) },
	"lastEventId": func(q *watchQuery, value string) string { return q.resume(value) },
}

// resume sets the version to begin at from the id of an event.
func (q *watchQuery) resume(id string) (want string) {
	number, ended := strings.CutSuffix(id, web.EndMark)
	version, err := strconv.ParseUint(number, 10, 64)
	if err != nil || strconv.FormatUint(version, 10) != number {
		return "the id of an event of this API"
	}
	q.resumes, q.version, q.ended = true, version, ended
	return ""
}

// watchQueryOf parses the query and the header Last-Event-ID, which takes precedence.
func watchQueryOf(r *http.Request, p web.Parameters[watchQuery]) (q watchQuery, err error) {
	if err := p.Read(r, &q); err != nil {
		return q, err
	}
	if id := r.Header.Get("Last-Event-ID"); id != "" && q.resume(id) != "" {
		return q, web.Problemf(http.StatusBadRequest, "the header Last-Event-ID is %q, want the id of an event of this API", id)
	}
	return q, nil
}

// events is a stream of Server-Sent Events to one client.
type events struct {
	*web.Stream
	context.Context
	now func() time.Time
}

// send sends an event. An error means that the client is gone or too slow. All later calls return it too.
func (e *events) send(id, name string, data any) error {
	_, err := fmt.Fprintf(e.Stream, "id: %s\nevent: %s\ndata: %s\n\n", id, name, web.MustJSON(data))
	return err
}

// wait flushes the stream and waits for a change.
func (e *events) wait(changed <-chan struct{}) error {
	if err := e.Flush(); err != nil {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-e.Done():
		return context.Cause(e)
	}
}

// sendEvents begins a stream and ends it when the client leaves or is too slow, or when the facade stops. The stream
// has a buffer and no queue: a slow client skips states that newer ones have replaced.
func (h *Handlers) sendEvents(in *access.Scope, w http.ResponseWriter, r *http.Request, send func(*events) error) error {
	free, err := h.Streams.Watch(in.Who.Name())
	if err != nil {
		return err
	}
	defer free()
	out := web.NewStream(w, "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // for proxies that buffer answers
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, leave := h.Streams.Lasting(r.Context(), out, ": still here\n\n")
	defer leave()
	_, _ = fmt.Fprint(out, "retry: 2000\n\n")
	err = send(&events{out, ctx, time.Now})
	if err == nil || errors.Is(err, web.ErrStopping) {
		_ = out.Flush() // the client will notice an error
	}
	return nil
}

// Gone is the data of the event for a deleted execution.
type Gone struct {
	// ExecutionID is the id of the execution.
	ExecutionID string `json:"executionId"`
	// TaskName is the name of its task.
	TaskName string `json:"taskName"`
}

// Ready is the data of the event that says that all later changes will be sent.
type Ready struct{}

// End is the data of the event for an execution that has ended.
type End struct {
	// Status is the status with which it ended.
	Status string `json:"status" jsonschema:"enum=completed,enum=failed,enum=cancelled"`
}

// Reset is the data of the event that says that changes may have been missed.
type Reset struct {
	// Detail says what to do.
	Detail string `json:"detail"`
}

// Watch sends each change of the executions of the namespace or of one task, from now on or from the client's last
// event.
func (h *Handlers) Watch(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := watchQueryOf(r, watchParameters)
	if err != nil {
		return err
	}
	all, err := h.history(in, r)
	if err != nil {
		return err
	}
	return h.sendEvents(in, w, r, func(out *events) error {
		changed := all.Watch(q.taskName, "")
		defer changed.Stop()
		mark, ok := all.Resume(q.version)
		if !q.resumes {
			mark, ok = all.Now(), true
			_ = out.send(idOf(mark.Version), "ready", Ready{}) // the next write returns the error again
		}
		for {
			var changes []runindex.Change
			if ok {
				changes, mark, ok = all.Changes(mark, q.taskName, changesAtOnce)
			}
			if !ok {
				mark, ok = all.Now(), true
				_ = out.send(idOf(mark.Version), "reset", Reset{"changes may have been missed; read the list again"})
				continue
			}
			for _, c := range changes {
				if err := out.change(c); err != nil {
					return err
				}
			}
			if len(changes) == changesAtOnce {
				continue
			}
			if err := out.wait(changed.C); err != nil {
				return err
			}
		}
	})
}

func (e *events) change(c runindex.Change) error {
	if c.Execution == nil {
		return e.send(idOf(c.Version), "deleted", Gone{c.Name, c.Task})
	}
	return e.send(idOf(c.Version), "execution", recordOf(c.Execution, e.now(), false))
}

func idOf(version uint64) string { return strconv.FormatUint(version, 10) }

// history returns the history of the namespace. A stream waits for it no longer than any other request.
func (h *Handlers) history(in *access.Scope, r *http.Request) (runindex.Namespace, error) {
	ctx, cancel := context.WithTimeout(r.Context(), h.Timeout)
	defer cancel()
	return h.Stores(in.Namespace).History(ctx)
}

// WatchOne sends the states of one execution until it has ended. It always sends the newest state and skips older ones.
func (h *Handlers) WatchOne(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	q, err := watchQueryOf(r, watchOneParameters)
	if err != nil {
		return err
	}
	all, err := h.history(in, r)
	if err != nil {
		return err
	}
	first, _, err := h.Find(r.Context(), in.Namespace, web.PathValue(r, "executionId"))
	if err != nil {
		return err
	}
	if q.ended && first.Status.Phase.IsTerminal() {
		w.WriteHeader(http.StatusNoContent) // an EventSource then does not reconnect
		return nil
	}
	return h.sendEvents(in, w, r, func(out *events) error {
		changed := all.Watch("", first.Name)
		defer changed.Stop()
		newest, sent := first, runindex.Version(first) == q.version && q.resumes
		for {
			now := all.Get(first.Name)
			if now != nil && now.UID == first.UID && runindex.Older(newest, now) {
				newest, sent = now, false
			}
			id := idOf(runindex.Version(newest))
			if !sent {
				sent = true
				if err := h.sendState(in, out, newest, q.logs); err != nil {
					return err
				}
			}
			switch {
			case newest.Status.Phase.IsTerminal():
				return out.send(id+web.EndMark, "end", End{wire.StatusOf(newest)})
			case now == nil && all.Now().Version >= runindex.Version(newest), now != nil && now.UID != first.UID:
				return out.send(id+web.EndMark, "deleted", Gone{newest.Name, newest.Spec.TaskRef.Name})
			}
			if err := out.wait(changed.C); err != nil {
				return err
			}
		}
	})
}

// sendState sends a state of an execution, with its tail if that is wanted. A run that was deleted meanwhile has no tail: the caller
// sees the deletion next. After an error the client connects again.
func (h *Handlers) sendState(in *access.Scope, out *events, state *v1alpha1.TaskExecution, withLogs bool) error {
	if withLogs {
		limited, cancel := context.WithTimeout(out, h.Timeout)
		defer cancel()
		whole, err := h.Stores(in.Namespace).Whole(limited, state)
		if whole == nil || err != nil {
			return err
		}
		state = whole
	}
	return out.send(idOf(runindex.Version(state)), "execution", recordOf(state, out.now(), withLogs))
}
