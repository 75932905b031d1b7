// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
)

const (
	// tailsAhead is how many runs of a list get their tails at once. Only these are in memory, however slowly the client reads.
	tailsAhead = 16
	// tailReads is how many of them are read at the same time.
	tailReads = 8
)

// show returns what gives the runs of a list as they are sent, one after the other.
func (h *Handlers) show(ctx context.Context, namespace string, runs []listed, withLogs bool) func(i int) (Listed, error) {
	now, tails := time.Now(), &withTails{store: h.Stores(namespace), runs: runs}
	return func(i int) (Listed, error) {
		e, err := runs[i].TaskExecution, error(nil)
		if withLogs {
			if e, err = tails.at(ctx, i); err != nil {
				return Listed{}, err
			}
		}
		shown := listedOf(e, now, withLogs)
		shown.Archived, shown.May = runs[i].archived, runs[i].may
		return shown, nil
	}
}

// withTails has the runs of a list, and reads their tails as the list is sent.
type withTails struct {
	store web.TailReader
	runs  []listed
	// ahead are the runs from the index first on, with their tails.
	ahead []*v1alpha1.TaskExecution
	first int
}

// at returns a run with its tail, or without one if the run was deleted since it was listed. The index must not go back.
func (t *withTails) at(ctx context.Context, i int) (*v1alpha1.TaskExecution, error) {
	if i >= t.first+len(t.ahead) {
		if err := t.read(ctx, i); err != nil {
			return nil, err
		}
	}
	return t.ahead[i-t.first], nil
}

// read reads the next tails.
func (t *withTails) read(ctx context.Context, first int) error {
	t.first, t.ahead = first, make([]*v1alpha1.TaskExecution, min(tailsAhead, len(t.runs)-first))
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(tailReads)
	for n := range t.ahead {
		t.ahead[n] = t.runs[first+n].TaskExecution
		if t.ahead[n].TailBytes == 0 {
			continue
		}
		reads.Go(func() error {
			whole, err := t.store.Whole(ctx, t.ahead[n])
			if whole != nil { // its state can be a newer one, which the list may not select
				shown := *t.ahead[n]
				shown.Status.Logs, shown.Status.LogSummary, shown.TailBytes = whole.Status.Logs, whole.Status.LogSummary, 0
				t.ahead[n] = &shown
			}
			return err
		})
	}
	return reads.Wait()
}
