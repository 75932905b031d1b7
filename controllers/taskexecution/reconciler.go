// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package taskexecution reconciles TaskExecutions: it observes one, has lifecycle decide, applies the plan and
// reports the status.
package taskexecution

import (
	"context"
	"errors"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/jobseal"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/origin"
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/queue"
)

// Reconciler brings TaskExecutions to their end.
type Reconciler struct {
	// Client reads from the watch caches and writes to the API server.
	Client client.Client
	// Live reads from the API server, for decisions that must not depend on a stale cache.
	Live     client.Reader
	Recorder recorder.EventRecorder
	Follower *follow.Follower
	Metrics  *Metrics
	// Seals proves which Jobs the controller created.
	Seals *jobseal.Sealer
	// Origin reports whether the stated origin of executions is proven.
	Origin *origin.Checker
	// Queue is the ledger of active and waiting executions.
	Queue *queue.Ledger
	// Past knows runs that ended or were deleted. Nil knows none.
	Past    *pastruns.Runs
	Clock   clock.PassiveClock
	Options lifecycle.Options
	// Namespaces are the namespaces to work in. Empty means all.
	Namespaces []string

	wake *Wake
	// seeding lets one worker seed the ledger while the others wait.
	seeding sync.Mutex

	redactors redactors
	writes    ownWrites
}

// Reconcile brings one execution one step further. The doc of package controllers has a diagram.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	log := logOf(ctx, req.NamespacedName)
	if r.writes.unseen(req.NamespacedName) {
		log.V(2).Info("Waiting for the cache to show the last status")
		return ctrl.Result{}, nil
	}
	observed, err := r.observe(ctx, req.NamespacedName)
	if err != nil {
		return ctrl.Result{}, err
	}
	leftovers, err := r.leftovers(ctx, req.NamespacedName, observed)
	if observed == nil {
		r.forget(req.NamespacedName)
	}
	if err != nil || observed == nil {
		return ctrl.Result{RequeueAfter: leftovers}, err
	}
	if err := r.follow(ctx, observed); err != nil {
		return ctrl.Result{}, err
	}
	plan, stale, err := r.decide(ctx, observed)
	switch {
	case err != nil:
		return ctrl.Result{}, err
	case stale:
		log.V(2).Info("Waiting for the cache to show the execution as it is")
		return ctrl.Result{RequeueAfter: staleRetry}, nil
	}
	lingers := r.settle(observed, &plan.Status)
	// Even after an error of apply, the result is reported. What failed is retried.
	applyErr := r.apply(ctx, observed, plan)
	reportErr := r.report(ctx, observed, plan)
	if apierrors.IsConflict(reportErr) {
		// Somebody else has written the object. Decide again when the cache has caught up. This is normal and no error.
		log.V(2).Info("Deciding again, because somebody else changed the execution")
		return ctrl.Result{RequeueAfter: apianswer.ConflictRetry}, applyErr
	}
	if err := errors.Join(applyErr, reportErr); err != nil {
		return ctrl.Result{}, fmt.Errorf("execution %s: %w", req, err)
	}
	next := lifecycle.Soonest(plan.Requeue, leftovers, lingers, untilEventsAreRead(observed))
	log.V(2).Info("Reconciled", "next", next)
	return ctrl.Result{RequeueAfter: next}, nil
}

// phaseOf returns the phase, or Pending if there is none yet.
func phaseOf(status *v1alpha1.TaskExecutionStatus) v1alpha1.Phase {
	if status.Phase == "" {
		return v1alpha1.PhasePending
	}
	return status.Phase
}
