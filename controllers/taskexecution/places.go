// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/queue"
)

const (
	// staleRetry is the delay of the next reconcile if the cache shows an old state of an execution. The event that
	// updates the cache also causes a reconcile; this is for the case that no event comes.
	staleRetry = time.Second
	// leftoverRetry is the delay before the leftovers of a deleted execution are read again. Each deleted pod and Job
	// causes an event; this is for those that came and went unseen.
	leftoverRetry = 15 * time.Second
)

// admit asks for a place for the execution and puts the answer into the observation. stale means that the cache shows
// an old state of the execution, so that nothing may be decided.
func (r *Reconciler) admit(ctx context.Context, o *lifecycle.Observation) (stale bool, err error) {
	rules := queue.RulesOf(o.Task)
	if err := r.seed(ctx, rules); err != nil {
		return false, err
	}
	place, woken, known := r.Queue.Ask(o.Execution.UID, rules, o.Now)
	r.wakeAll(woken)
	if !known {
		return true, nil
	}
	o.Queue = &place
	logOf(ctx, client.ObjectKeyFromObject(o.Execution)).V(2).Info("Asked for a place", "granted", place.Granted, "position", place.Position)
	if !place.Granted || o.Execution.Status.Phase == "" { // an execution without a phase was read from the API server
		return false, nil
	}
	// It waited. Another controller may have seen that it was cancelled or has ended since.
	current, err := r.whole(ctx, client.ObjectKeyFromObject(o.Execution))
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading execution %s/%s, which has a place: %w", o.Execution.Namespace, o.Execution.Name, err)
	}
	if current.UID != o.Execution.UID || current.Status.Phase.IsTerminal() || current.Status.Job != nil ||
		current.Spec.Cancel != nil || current.DeletionTimestamp != nil {
		return true, nil
	}
	o.Execution, o.Trimmed = current, false
	return false, nil
}

// reserveBacklog counts a waiting execution in the backlog of its namespace, and puts a refusal into the observation.
// Before that it looks for a Job that an earlier process created and the cache does not show yet: an execution with a
// Job does not wait.
func (r *Reconciler) reserveBacklog(ctx context.Context, o *lifecycle.Observation) (err error) {
	full := r.Queue.ReserveBacklog(o.Execution.UID)
	if full == nil {
		return nil
	}
	if o.Job, err = r.job(ctx, o.Execution, true); err == nil && o.Job == nil {
		o.BacklogFull = full
		r.Metrics.refused(full.Bound)
	}
	return err
}

// settle frees the place of a run that has ended, unless a container of it may still run. It returns for how long to
// assume that, or zero.
func (r *Reconciler) settle(o *lifecycle.Observation, status *v1alpha1.TaskExecutionStatus) time.Duration {
	left, lingers := lifecycle.Lingers(o, status)
	if lingers {
		r.Queue.Keep(o.Execution.UID)
		return left
	}
	if o.Execution.Status.Phase.IsTerminal() {
		r.wakeAll(r.Queue.Release(o.Execution.UID))
	}
	return 0
}

// leftovers frees the places of deleted executions of a name, once none of their containers runs. It returns when to
// ask again, or zero for never. o is the observation of the execution that has the name now, or nil.
func (r *Reconciler) leftovers(ctx context.Context, key types.NamespacedName, o *lifecycle.Observation) (again time.Duration, err error) {
	for _, uid := range r.Queue.Kept(key) {
		if o != nil && o.Execution.UID == uid {
			continue
		}
		goesOn, err := r.goesOn(ctx, key.Namespace, uid)
		if err != nil {
			return 0, fmt.Errorf("execution %s is gone: %w", key, err)
		}
		if goesOn {
			again = leftoverRetry
			continue
		}
		r.wakeAll(r.Queue.Release(uid))
	}
	return again, nil
}

// goesOn asks the API server whether a Job of an execution can still create pods, or a pod of it still runs.
func (r *Reconciler) goesOn(ctx context.Context, namespace string, uid types.UID) (bool, error) {
	its := []client.ListOption{client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelExecutionUID: string(uid)}}
	jobs := &batchv1.JobList{}
	if err := r.Live.List(ctx, jobs, its...); err != nil {
		return false, fmt.Errorf("listing its jobs: %w", err)
	}
	for i := range jobs.Items {
		job := &jobs.Items[i]
		if !jobspec.IsJobOf(job, uid) || lifecycle.JobFinished(job) {
			continue
		}
		if made, err := r.Seals.Made(ctx, job, uid); err != nil || made {
			return made, err
		}
	}
	pods := &corev1.PodList{}
	if err := r.Live.List(ctx, pods, its...); err != nil {
		return false, fmt.Errorf("listing its pods: %w", err)
	}
	for i := range pods.Items {
		if pod := &pods.Items[i]; jobspec.IsPodOfAJob(pod) && lifecycle.PodGoesOn(pod, r.Clock.Now()) {
			return true, nil
		}
	}
	return false, nil
}

// replace cancels an execution that another one replaces, unless it was cancelled or has ended.
func (r *Reconciler) replace(ctx context.Context, key types.NamespacedName, by *v1alpha1.TaskExecution) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := &v1alpha1.TaskExecution{}
		if err := r.Live.Get(ctx, key, current); err != nil {
			return err
		}
		if current.Spec.Cancel != nil || current.Status.Phase.IsTerminal() {
			return nil
		}
		changed := current.DeepCopy()
		changed.Spec.Cancel = lifecycle.ReplacedBy(client.ObjectKeyFromObject(by))
		if err := r.Client.Patch(ctx, changed, client.MergeFromWithOptions(current, client.MergeFromWithOptimisticLock{})); err != nil {
			return err
		}
		logOf(ctx, key).V(1).Info("Cancelled the run for one that replaces it", "by", klog.KObj(by))
		return nil
	})
	if err = client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("cancelling %s, which it replaces: %w", key, err)
	}
	return nil
}

func (r *Reconciler) wakeAll(keys []types.NamespacedName) {
	for _, key := range keys {
		r.wake.Execution(key)
	}
}
