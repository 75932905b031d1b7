// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"

	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// decide calls lifecycle. For a run without a Job, lifecycle decides again after each answer that it asked for: whether
// the run has a place, how the API server answers the creation of the Job, and whether the namespace has room for one
// more waiting run. A run with a Job needs no such answer. stale is as in admit. A retry may fix an error.
func (r *Reconciler) decide(ctx context.Context, o *lifecycle.Observation) (plan lifecycle.Plan, stale bool, err error) {
	plan = lifecycle.Decide(*o)
	if plan.Create != nil || plan.AskPlace {
		if stale, err = r.admit(ctx, o); err != nil || stale {
			return plan, stale, err
		}
		r.observePast(o) // again, because the ledger has now seen every deletion before the creation of this execution
		if plan.Create == nil || !o.Queue.Granted || o.Past != nil {
			plan = lifecycle.Decide(*o) // the execution is now whole, or waits
		}
		if plan.Create != nil {
			if err := r.create(ctx, o, plan.Create); err != nil {
				return plan, false, err
			}
			plan = lifecycle.Decide(*o)
		}
	}
	if lifecycle.Waits(o, plan) {
		if err := r.reserveBacklog(ctx, o); err != nil {
			return plan, false, err
		}
		plan = lifecycle.Decide(*o)
	}
	return plan, false, nil
}
