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
	// staleRetry is how soon an execution is looked at again of which the cache shows an old state. What
	// brings the cache up to date brings an event too; this is for none.
	staleRetry = time.Second
	// leftoverRetry is how soon it is asked again whether what was left of a deleted execution goes on. Each
	// pod and Job that goes is an event; this is for those that came and went unseen.
	leftoverRetry = 15 * time.Second
)

// admit asks for the execution's turn and puts the answer into the observation. stale tells that the execution
// is not what the cache shows, so that nothing may be decided of it.
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
	o.Place = &place
	logOf(ctx, client.ObjectKeyFromObject(o.Execution)).V(2).Info("Asked for a place", "granted", place.Granted, "position", place.Position)
	if !place.Granted || o.Execution.Status.Phase == "" { // the latter was read live
		return false, nil
	}
	// It waited, and may have been cancelled or have ended since, as another controller saw it.
	current, err := r.whole(ctx, client.ObjectKeyFromObject(o.Execution))
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading execution %s/%s whose turn it is: %w", o.Execution.Namespace, o.Execution.Name, err)
	}
	if current.UID != o.Execution.UID || current.Status.Phase.IsTerminal() || current.Status.Job != nil ||
		current.Spec.Cancel != nil || current.DeletionTimestamp != nil {
		return true, nil
	}
	o.Execution, o.Trimmed = current, false
	return false, nil
}

// makeRoom asks whether an execution that has to wait may, and puts into the observation why it may not. A Job that a
// process before this one made, and a cache does not show yet, is looked for first: its execution does not wait.
func (r *Reconciler) makeRoom(ctx context.Context, o *lifecycle.Observation) (err error) {
	full := r.Queue.Wait(o.Execution.UID)
	if full == nil {
		return nil
	}
	if o.Job, err = r.job(ctx, o.Execution, true); err == nil && o.Job == nil {
		o.NoRoom = full
		r.Metrics.refused(full.Bound)
	}
	return err
}

// settle tells the ledger of a run that ends: its turn is over, unless a container of it may go on. It returns
// how long that is believed, zero when it is not.
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

// leftovers ends the turns of executions of a name that are gone, when nothing of them goes on. It returns when to
// ask again, zero for never. o is of the execution that has the name now, nil for none.
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

// goesOn asks the API server whether a Job of an execution can still make pods, or a pod of it still runs.
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

// replace cancels an execution in favour of another, unless it was cancelled or has ended.
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
