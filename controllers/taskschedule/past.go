// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskschedule

import (
	"context"
	"time"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/controllers/schedule"
)

const (
	// madePromptly is how long after it is due a run is usually created. A tick that is handled later may have been run
	// before: the controller was away, or the store went back in time.
	madePromptly = time.Minute
	// askAgain is when a schedule that waits for the archive is reconciled again.
	askAgain = time.Second
)

// existed reports whether the run of a tick existed before, so that it must not be created again. Its name stands for
// this one tick of this one schedule. The archive is asked only about a tick that is handled late. wait is when to ask again, or zero.
func (r *Reconciler) existed(ctx context.Context, run schedule.Run) (existed bool, wait time.Duration) {
	name, late := client.ObjectKeyFromObject(run.Execution), r.Clock.Now().Sub(run.Due) >= madePromptly
	if existed, wait = r.Past.Existed(name, late); wait > 0 {
		return false, min(wait, askAgain)
	}
	r.Past.Decided(name)
	if existed {
		ctrl.LoggerFrom(ctx).V(1).Info("The run of a tick existed before and is not made again", "execution", klog.KObj(run.Execution), "tick", run.Tick)
	}
	return existed, 0
}
