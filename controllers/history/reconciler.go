// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package history reconciles all runs of a Task together: it writes their figures into the Task's status, and removes
// expired runs.
package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/history/population"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/tracking"
)

// removedAtOnce is how many executions of a Task one reconcile removes at most. The next reconcile removes more.
const removedAtOnce = 200

// Reconciler judges the runs of a Task, at most once per Pace however many of them change.
type Reconciler struct {
	// Client reads from the watch caches and writes to the API server.
	Client client.Client
	// Live reads from the API server what the caches drop: who created an execution.
	Live  client.Reader
	Clock clock.PassiveClock
	// Pace is the shortest time between two reconciles of a Task.
	Pace time.Duration
	// KeepAtLeast is how long a finished run is kept, however many there are.
	KeepAtLeast time.Duration
	// Archived says whether the archive has a run, so that it may be removed. Nil means that there is no archive.
	Archived interface {
		MayRemove(e *v1alpha1.TaskExecution) (may bool, after time.Duration)
	}
}

// Reconcile judges the runs of one Task. The runs of a deleted Task are kept, because its retention is unknown.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	task := &v1alpha1.Task{}
	if err := r.Client.Get(ctx, req.NamespacedName, task); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if task.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	runs := &v1alpha1.TaskExecutionList{}
	if err := r.Client.List(ctx, runs, client.InNamespace(req.Namespace), client.MatchingFields{indexTask: req.Name},
		client.UnsafeDisableDeepCopy); err != nil { // they may be many thousands, and are never changed
		return ctrl.Result{}, fmt.Errorf("listing the executions of task %s: %w", req, err)
	}
	err := r.summarise(ctx, task, runs.Items)
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: r.Pace}, nil // others are writing the Task; its figures can wait
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	expired, next := population.Expired(r.Clock.Now(), population.RetentionOf(task, r.KeepAtLeast), runs.Items)
	expired, next = r.archived(expired, next)
	if len(expired) > removedAtOnce {
		expired, next = expired[:removedAtOnce], r.Pace
	}
	if err := r.remove(ctx, expired); err != nil {
		return ctrl.Result{}, fmt.Errorf("removing old executions of task %s: %w", req, err)
	}
	if next > 0 {
		next = max(next, r.Pace)
	}
	return ctrl.Result{RequeueAfter: next}, nil
}

// archived leaves out the runs that the archive does not have yet. They are judged again later.
func (r *Reconciler) archived(expired []*v1alpha1.TaskExecution, next time.Duration) ([]*v1alpha1.TaskExecution, time.Duration) {
	if r.Archived == nil {
		return expired, next
	}
	var may []*v1alpha1.TaskExecution
	for _, e := range expired {
		ok, after := r.Archived.MayRemove(e)
		if !ok {
			next = lifecycle.Soonest(next, after)
			continue
		}
		may = append(may, e)
	}
	return may, next
}

// summarise writes the figures if they changed. Nobody else writes them, so the patch needs no resourceVersion. Its
// event causes one more comparison.
func (r *Reconciler) summarise(ctx context.Context, task *v1alpha1.Task, runs []v1alpha1.TaskExecution) error {
	after := task.DeepCopy()
	population.Summarise(&after.Status, runs)
	if equality.Semantic.DeepEqual(task.Status, after.Status) {
		return nil
	}
	if err := r.Client.Status().Patch(ctx, after, client.MergeFrom(task)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("writing the figures of task %s/%s: %w", task.Namespace, task.Name, err)
	}
	return nil
}

// remove deletes executions. It tries each, even if another fails.
func (r *Reconciler) remove(ctx context.Context, expired []*v1alpha1.TaskExecution) error {
	var errs []error
	log := ctrl.LoggerFrom(ctx)
	for _, e := range expired {
		done, err := r.removeOne(ctx, e)
		if err != nil {
			errs = append(errs, err)
		}
		if done {
			log.V(1).Info("Removed an execution that is kept no longer", "execution", klog.KObj(e), "task", klog.KRef(e.Namespace, e.Spec.TaskRef.Name))
		}
	}
	return errors.Join(errs...)
}

// removeOne deletes an execution unless it was applied from a manifest. It reads that from the API server, and the
// deletion fails if the object has changed since. The execution's Job and pods are deleted with it.
func (r *Reconciler) removeOne(ctx context.Context, e *v1alpha1.TaskExecution) (removed bool, err error) {
	current := &metav1.PartialObjectMetadata{}
	current.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TaskExecution"))
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(e), current); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	if current.UID != e.UID || current.DeletionTimestamp != nil || tracking.Declared(current) {
		return false, nil
	}
	err = r.Client.Delete(ctx, e.DeepCopy(),
		client.Preconditions{UID: &current.UID, ResourceVersion: ptr.To(current.ResourceVersion)},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // somebody changed it; the next reconcile judges it
		return false, nil
	}
	return err == nil, err
}
