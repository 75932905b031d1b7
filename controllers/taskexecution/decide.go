// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"

	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// decide has lifecycle decide. A run without a Job is decided on again after each answer that the decision asked for:
// whether the run has a place, what the API server says to its Job, and whether its namespace has room for one more that
// waits. Nothing of this is asked of a run that has its Job. stale is as in admit; an error is one that a retry may mend.
func (r *Reconciler) decide(ctx context.Context, o *lifecycle.Observation) (plan lifecycle.Plan, stale bool, err error) {
	plan = lifecycle.Decide(*o)
	if plan.Create != nil || plan.AskPlace {
		if stale, err = r.admit(ctx, o); err != nil || stale {
			return plan, stale, err
		}
		if plan.Create == nil || !o.Place.Granted {
			plan = lifecycle.Decide(*o) // of the whole execution now, or of one that waits
		}
		if plan.Create != nil {
			if err := r.create(ctx, o, plan.Create); err != nil {
				return plan, false, err
			}
			plan = lifecycle.Decide(*o)
		}
	}
	if lifecycle.Waits(o, plan) {
		if err := r.makeRoom(ctx, o); err != nil {
			return plan, false, err
		}
		plan = lifecycle.Decide(*o)
	}
	return plan, false, nil
}
