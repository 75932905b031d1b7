// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
	"github.com/taskexec/taskexec/controllers/records"
)

// LastSuccess returns the newest completed run of the same task that was created before a run, and its record if Kubernetes no longer has
// it. It returns nil if there is none. The error is the answer to the request.
func (h *Handlers) LastSuccess(ctx context.Context, namespace string, than *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, *records.Record, error) {
	all, err := h.Stores(namespace).History(ctx)
	if err != nil {
		return nil, nil, err
	}
	q := &historyQuery{taskName: than.Spec.TaskRef.Name, sort: sortNewest, limit: 1}
	q.filter.Statuses = []string{wire.StatusCompleted}
	reading, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	for after := new((&listed{TaskExecution: than}).position()); after != nil; {
		page, err := h.merged(reading, namespace, all, q, after, 1)
		if err != nil {
			return nil, nil, err
		}
		if len(page.runs) > 0 {
			return h.whole(ctx, namespace, &page.runs[0])
		}
		after = page.next
	}
	return nil, nil, nil
}

// whole returns all that is known of a run of a list. Archived runs in lists have only a part.
func (h *Handlers) whole(ctx context.Context, namespace string, run *listed) (*v1alpha1.TaskExecution, *records.Record, error) {
	if !run.archived {
		return run.TaskExecution, nil, nil
	}
	record, err := h.Past.RecordOf(ctx, namespace, run.Name, run.UID)
	if err != nil {
		return nil, nil, err
	}
	if record == nil {
		return nil, nil, web.Problemf(http.StatusGone, "the record of the execution %q is gone from the archive", run.Name)
	}
	return record.Execution, record, nil
}
