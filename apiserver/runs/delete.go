// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"net/http"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// deleteQuery is the query of a deletion.
type deleteQuery struct{ forget bool }

var deleteParameters = web.Parameters[deleteQuery]{
	"forget": func(q *deleteQuery, value string) string { return web.Boolean(&q.forget, value) },
}

// Delete deletes an execution that has ended. An active one must be cancelled first: deleting it would also stop it,
// but leave no record. The archive keeps its record and log, unless the request asks to forget them too.
func (h *Handlers) Delete(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var q deleteQuery
	if err := deleteParameters.Read(r, &q); err != nil {
		return err
	}
	id := web.PathValue(r, "executionId")
	if q.forget {
		return h.forget(in, w, r, id)
	}
	found, deleted, err := h.Stores(in.Namespace).DeleteExecution(r.Context(), id)
	switch {
	case err != nil:
		return err
	case found == nil:
		return web.NoExecution(id)
	case !deleted:
		return notEnded(in, found)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// forget asks the controller to remove an execution from the archive and then to delete it: the facade may not write to the archive.
func (h *Handlers) forget(in *access.Scope, w http.ResponseWriter, r *http.Request, id string) error {
	if !h.Past.Known() {
		return web.Problemf(http.StatusConflict, "there is no archive to remove the execution %q from; leave out forget", id)
	}
	found, asked, err := h.Stores(in.Namespace).ForgetExecution(r.Context(), id)
	switch {
	case err != nil:
		return err
	case found == nil:
		return h.forgetArchived(r, in.Namespace, id)
	case !asked:
		return notEnded(in, found)
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// forgetArchived returns the answer for an execution that only the archive may have.
func (h *Handlers) forgetArchived(r *http.Request, namespace, id string) error {
	record, err := h.Past.Record(r.Context(), namespace, id)
	if err != nil {
		return err
	}
	if record == nil {
		return h.Past.Missing(id)
	}
	return web.Problemf(http.StatusConflict, "the execution %q is in the archive only, which this API cannot change; an operator can remove it with: taskexec-archive forget %s --namespace=%s", id, id, namespace)
}

func notEnded(in *access.Scope, e *v1alpha1.TaskExecution) error {
	return web.Problemf(http.StatusConflict, "the execution %q has not ended, its phase is %s; cancel it with DELETE %s/tasks/executions/cancel/by-ids, and delete it when it has ended",
		e.Name, wire.ExecutionOf(e, time.Now()).Phase, in.Prefix)
}
