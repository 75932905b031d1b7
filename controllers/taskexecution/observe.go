// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/origin"
)

// observe reads all that a decision needs, except the log, which follow adds. It changes nothing. It returns nil if the
// execution is gone. Objects from the caches are not copied and must not be written to. The tests run with Kubernetes'
// detector for that (KUBE_CACHE_MUTATION_DETECTOR).
func (r *Reconciler) observe(ctx context.Context, key types.NamespacedName) (*lifecycle.Observation, error) {
	execution, trimmed, err := r.execution(ctx, key)
	if err != nil {
		return nil, err
	}
	if execution == nil {
		return nil, nil
	}
	o := &lifecycle.Observation{Now: r.Clock.Now(), Options: r.Options, Execution: execution, Trimmed: trimmed}
	if execution.Status.Origin == "" && origin.IsStated(execution) && !lifecycle.LogIsFinal(execution) {
		o.Origin = r.Origin.Proof(ctx).Judge(execution)
	}
	acted := execution.Status.Phase != "" || execution.Spec.Cancel != nil
	if o.Job, err = r.job(ctx, execution, acted); err != nil {
		return nil, err
	}
	r.observePast(o)
	if o.Job == nil && !lifecycle.LogIsFinal(execution) {
		if o.Task, err = r.task(ctx, execution); err != nil {
			return nil, err
		}
		if !acted && lifecycle.EndsUnstarted(o) {
			if o.Job, err = r.job(ctx, execution, true); err != nil {
				return nil, err
			}
		}
	}
	if err := r.observePods(ctx, o); err != nil {
		return nil, err
	}
	if err := r.observeEvents(ctx, o); err != nil {
		return nil, err
	}
	return o, r.observeSecret(ctx, o)
}

// execution reads the execution. It reads one without a phase from the API server, once in its life. A stale cache may
// show an execution as new that has already run and was removed; it must not run again. trimmed is as in
// lifecycle.Observation.
func (r *Reconciler) execution(ctx context.Context, key types.NamespacedName) (execution *v1alpha1.TaskExecution, trimmed bool, err error) {
	execution = &v1alpha1.TaskExecution{}
	err = r.Client.Get(ctx, key, execution, client.UnsafeDisableDeepCopy)
	if trimmed = execution.Status.Phase != ""; err == nil && !trimmed {
		execution, err = r.whole(ctx, key)
	}
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading execution %s: %w", key, err)
	}
	return execution, trimmed, nil
}

// whole reads the execution from the API server, with its params and without its log and result, which no decision
// needs.
func (r *Reconciler) whole(ctx context.Context, key types.NamespacedName) (*v1alpha1.TaskExecution, error) {
	execution := &v1alpha1.TaskExecution{}
	err := r.Live.Get(ctx, key, execution)
	execution.Status.Logs, execution.Status.Result = nil, nil
	return execution, err
}

// task returns the execution's Task, or nil. A missing Task fails a run in the end, so it is confirmed by the API
// server: a cache may lag behind.
func (r *Reconciler) task(ctx context.Context, execution *v1alpha1.TaskExecution) (*v1alpha1.Task, error) {
	task := &v1alpha1.Task{}
	key := types.NamespacedName{Namespace: execution.Namespace, Name: execution.Spec.TaskRef.Name}
	found, err := r.find(ctx, key, task, true)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading task %s: %w", key, err)
	case !found:
		return nil, nil
	default:
		return task, nil
	}
}

// find reads an object from the cache. If the cache lacks it and sure is set, find reads it from the API server.
func (r *Reconciler) find(ctx context.Context, key types.NamespacedName, object client.Object, sure bool) (found bool, err error) {
	err = r.Client.Get(ctx, key, object, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) && sure {
		err = r.Live.Get(ctx, key, object)
	}
	return err == nil, client.IgnoreNotFound(err)
}

// job returns the execution's Job, or nil. With sure, a Job that the cache lacks is read from the API server. That is
// needed if the execution was acted on or is about to end. Otherwise the creation of the Job would find an existing
// one.
func (r *Reconciler) job(ctx context.Context, execution *v1alpha1.TaskExecution, sure bool) (*batchv1.Job, error) {
	key := types.NamespacedName{Namespace: execution.Namespace, Name: jobspec.JobName(execution.Name, execution.UID)}
	job := &batchv1.Job{}
	found, err := r.find(ctx, key, job, sure && !execution.Status.Phase.IsTerminal())
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading job %s: %w", key, err)
	case !found:
		return nil, nil
	}
	ours, err := r.isOurs(ctx, job, execution)
	if err != nil || !ours {
		return nil, err // a foreign Job; the creation of ours will report it
	}
	return job, nil
}

// isOurs reports whether the controller created a Job for an execution. Its owner and label prove nothing, because
// anybody who may create Jobs can set them. Either the status names the Job, and then its UID is compared (see the rule
// lost), or the Job has the controller's seal.
func (r *Reconciler) isOurs(ctx context.Context, job *batchv1.Job, execution *v1alpha1.TaskExecution) (bool, error) {
	if !jobspec.IsJobOf(job, execution.UID) || job.Labels[v1alpha1.LabelExecutionUID] != string(execution.UID) {
		return false, nil
	}
	if execution.Status.Job != nil {
		return true, nil
	}
	return r.Seals.Made(ctx, job, execution.UID)
}

// observePods reads the pods from the cache, and from the API server if the Job counts more of them. Only pods of the
// execution's one Job count, because anybody who may create pods can set the label.
func (r *Reconciler) observePods(ctx context.Context, o *lifecycle.Observation) (err error) {
	job := jobUID(o)
	if job == "" {
		return nil
	}
	uid := string(o.Execution.UID)
	o.Pods, err = podsFrom(ctx, r.Client, o.Execution, job, client.MatchingFields{indexPodExecution: uid}, client.UnsafeDisableDeepCopy)
	if err == nil && lifecycle.PodsAreBehind(o) {
		o.Pods, err = podsFrom(ctx, r.Live, o.Execution, job, client.MatchingLabels{v1alpha1.LabelExecutionUID: uid})
	}
	return err
}

// jobUID returns the UID of the Job in the status, or else of the Job that was found, or empty.
func jobUID(o *lifecycle.Observation) types.UID {
	switch {
	case o.Execution.Status.Job != nil:
		return o.Execution.Status.Job.UID
	case o.Job != nil:
		return o.Job.UID
	default:
		return ""
	}
}

// podsFrom returns the pods of the execution's Job, oldest first.
func podsFrom(ctx context.Context, from client.Reader, execution *v1alpha1.TaskExecution, job types.UID, which ...client.ListOption) ([]*corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := from.List(ctx, list, append(which, client.InNamespace(execution.Namespace))...); err != nil {
		return nil, fmt.Errorf("listing the pods of execution %s/%s: %w", execution.Namespace, execution.Name, err)
	}
	pods := make([]*corev1.Pod, 0, len(list.Items))
	for i := range list.Items {
		if jobspec.IsPodOf(&list.Items[i], job) {
			pods = append(pods, &list.Items[i])
		}
	}
	slices.SortFunc(pods, jobspec.OldestFirst)
	return pods, nil
}
