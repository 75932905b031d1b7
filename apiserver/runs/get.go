// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/runindex"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/records"
)

// waitQuery is the query of a read of one execution.
type waitQuery struct {
	wait time.Duration
	// may asks what the caller may do with the run.
	may bool
}

// waitQueryOf parses the query. The longest wait is the time that a request may take.
func waitQueryOf(r *http.Request, most time.Duration) (q waitQuery, err error) {
	err = web.Parameters[waitQuery]{
		"wait": func(q *waitQuery, value string) string {
			d, err := time.ParseDuration(value)
			if q.wait = d; err != nil || d <= 0 || d > most {
				return "a duration such as 10s, up to " + most.String()
			}
			return ""
		},
		"may": func(q *waitQuery, value string) string { return web.Boolean(&q.may, value) },
	}.Read(r, &q)
	return q, err
}

// Get answers with an execution, in the documented form.
func (h *Handlers) Get(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	return h.replyExecution(in, w, r, h.encoded.execution)
}

// GetRecord answers with an execution in the form of the history.
func (h *Handlers) GetRecord(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	return h.replyExecution(in, w, r, h.encoded.record)
}

// replyExecution answers at once, or with ?wait= after a change.
func (h *Handlers) replyExecution(in *access.Scope, w http.ResponseWriter, r *http.Request, encode func(*listed, time.Time) ([]byte, error)) error {
	q, err := waitQueryOf(r, h.Timeout)
	if err != nil {
		return err
	}
	id := web.PathValue(r, "executionId")
	shown, err := h.findFor(r.Context(), in, id, q.may)
	if err == nil && q.wait > 0 && !shown.archived {
		if shown.TaskExecution, err = h.awaitNews(in, r, shown, q.wait); err == nil && shown.TaskExecution == nil { // it was deleted meanwhile
			shown, err = h.findFor(r.Context(), in, id, q.may)
		}
	}
	if err != nil {
		return err
	}
	if web.Unchanged(w, r, shown.tag()) {
		return nil
	}
	body, err := encode(&shown, time.Now())
	if errors.Is(err, errTailLeftOut) {
		may := shown.may
		if shown, err = h.findWhole(r.Context(), in.Namespace, id); err != nil {
			return err
		}
		shown.may = may
		if web.Unchanged(w, r, shown.tag()) { // it can be a newer state
			return nil
		}
		body, err = encode(&shown, time.Now())
	}
	if err == nil {
		body, err = insertMay(body, shown.may)
	}
	if err != nil {
		return err
	}
	web.ReplyBytes(w, http.StatusOK, body)
	return nil
}

// findFor is find, with what the caller may do if that is wanted.
func (h *Handlers) findFor(ctx context.Context, in *access.Scope, id string, may bool) (listed, error) {
	found, err := h.find(ctx, in.Namespace, id)
	if err == nil && may {
		err = allowOne(ctx, in, &found)
	}
	return found, err
}

// find returns a run, live or archived. The error is the answer to the request, 404 if there is none.
func (h *Handlers) find(ctx context.Context, namespace, id string) (listed, error) {
	e, record, err := h.Find(ctx, namespace, id)
	return listed{TaskExecution: e, archived: record != nil}, err
}

// findWhole is find, with the tail of a live run.
func (h *Handlers) findWhole(ctx context.Context, namespace, id string) (listed, error) {
	e, record, err := h.Past.FindWhole(ctx, h.Stores(namespace), namespace, id)
	return listed{TaskExecution: e, archived: record != nil}, err
}

// Find returns a run, and its record if Kubernetes no longer has it. The tail of a live run may be left out. The error is the
// answer to the request, 404 if there is no such run.
func (h *Handlers) Find(ctx context.Context, namespace, id string) (*v1alpha1.TaskExecution, *records.Record, error) {
	return h.Past.Find(ctx, h.Stores(namespace), namespace, id)
}

// awaitNews waits until an execution has changed. With If-None-Match, that is when its ETag differs, otherwise when its
// status or phase differs from now. It does not wait for an execution that has ended. At the time limit, or when the
// facade stops, it returns the current state. It returns nil if the execution was deleted meanwhile.
func (h *Handlers) awaitNews(in *access.Scope, r *http.Request, shown listed, most time.Duration) (*v1alpha1.TaskExecution, error) {
	seen := shown.TaskExecution
	news := func(e *v1alpha1.TaskExecution) bool {
		if r.Header.Get("If-None-Match") != "" {
			return !web.HasTag(r, (&listed{TaskExecution: e, may: shown.may}).tag())
		}
		return e.Status.Phase.IsTerminal() || e.Status.Phase != seen.Status.Phase || wire.StatusOf(e) != wire.StatusOf(seen)
	}
	if news(seen) {
		return seen, nil
	}
	leave, err := h.Streams.Watch(in.Who.Name())
	if err != nil {
		return nil, err
	}
	defer leave()
	access.ReleasePlace(r.Context())
	all, err := h.Stores(in.Namespace).History(r.Context())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), most)
	defer cancel()
	return h.await(ctx, all, seen, news)
}

// await returns the first newer state that news accepts, or else the newest state.
func (h *Handlers) await(ctx context.Context, all runindex.Namespace, seen *v1alpha1.TaskExecution, news func(*v1alpha1.TaskExecution) bool) (*v1alpha1.TaskExecution, error) {
	w := all.Watch("", seen.Name)
	defer w.Stop()
	newest, there := seen, false
	for {
		switch e := all.Get(seen.Name); {
		case e == nil && there: // it was deleted meanwhile
			return nil, nil
		case e != nil && !runindex.Older(e, newest):
			if newest, there = e, true; news(e) {
				return e, nil
			}
		}
		select {
		case <-w.C:
		case <-ctx.Done():
			return newest, nil
		case <-h.Streams.Stopping:
			return newest, nil
		}
	}
}
