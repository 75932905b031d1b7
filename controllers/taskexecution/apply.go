// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// create creates the Job, or finds one that was created before. It puts the answer into the observation.
func (r *Reconciler) create(ctx context.Context, o *lifecycle.Observation, job *batchv1.Job) error {
	err := r.Seals.Seal(ctx, job, o.Execution.UID)
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
		o.Start = lifecycle.StartResult{Outcome: lifecycle.StartRefused, Message: err.Error()}
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating job %s/%s: %w", job.Namespace, job.Name, err)
	}
	err = r.Client.Create(ctx, job)
	switch {
	case err == nil:
		o.Job = job
		logOf(ctx, client.ObjectKeyFromObject(o.Execution)).V(1).Info("Created the Job", "job", klog.KObj(job), "task", klog.KObj(o.Task))
		return nil
	case apierrors.IsAlreadyExists(err):
		return r.adopt(ctx, o, job)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause), apierrors.IsForbidden(err):
		o.Start = lifecycle.StartResult{Outcome: lifecycle.StartRefused, Message: apianswer.Message(err)}
		return nil
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		o.Start = lifecycle.StartResult{Outcome: lifecycle.StartInvalid, Message: apianswer.Message(err)}
		return nil
	default:
		return fmt.Errorf("creating job %s/%s: %w", job.Namespace, job.Name, err)
	}
}

// adopt takes an existing Job as the run's own if its seal proves that the controller created it for this execution:
// before a crash, or in a request whose answer was lost.
func (r *Reconciler) adopt(ctx context.Context, o *lifecycle.Observation, job *batchv1.Job) error {
	existing := &batchv1.Job{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(job), existing); err != nil {
		return fmt.Errorf("reading the job %s/%s that exists already: %w", job.Namespace, job.Name, err)
	}
	ours, err := r.isOurs(ctx, existing, o.Execution)
	if err != nil {
		return err
	}
	if !ours {
		o.Start = lifecycle.StartResult{
			Outcome: lifecycle.StartConflict,
			Message: fmt.Sprintf("job %q exists, and was not made by the controller for this execution; it is left alone", job.Name),
		}
		return nil
	}
	o.Job = existing
	logOf(ctx, client.ObjectKeyFromObject(o.Execution)).V(1).Info("Found the Job that was created before", "job", klog.KObj(existing))
	return nil
}

// apply ends pods, cancels the runs that this one replaces and deletes the Job, as planned. It tries each, even if
// another fails. It stops reading a log that is final.
func (r *Reconciler) apply(ctx context.Context, o *lifecycle.Observation, plan lifecycle.Plan) error {
	r.unfollow(o)
	log := logOf(ctx, client.ObjectKeyFromObject(o.Execution))
	var errs []error
	for _, pod := range plan.End {
		if err := client.IgnoreNotFound(r.endPod(ctx, o, pod, plan.EndReason)); err != nil {
			errs = append(errs, fmt.Errorf("ending pod %s: %w", pod.Name, err))
			continue
		}
		log.V(1).Info("Told the kubelet to end the pod", "pod", klog.KObj(pod), "reason", plan.EndReason)
	}
	for _, key := range plan.Replace {
		if err := r.replace(ctx, key, o.Execution); err != nil {
			errs = append(errs, err)
		}
	}
	if plan.DeleteJob {
		err := r.Client.Delete(ctx, o.Job,
			client.PropagationPolicy(metav1.DeletePropagationBackground),
			client.Preconditions{UID: &o.Job.UID})
		if apierrors.IsConflict(err) {
			err = nil // another Job has the name now: ours is gone
		}
		if err := client.IgnoreNotFound(err); err != nil {
			errs = append(errs, fmt.Errorf("deleting job %s: %w", o.Job.Name, err))
		} else {
			log.V(1).Info("Deleted the Job", "job", klog.KObj(o.Job))
		}
	}
	return errors.Join(errs...)
}

// endPod makes the kubelet end the containers of a pod with their grace period. The pod and its logs stay.
func (r *Reconciler) endPod(ctx context.Context, o *lifecycle.Observation, pod *corev1.Pod, reason string) error {
	before := pod.DeepCopy()
	after := pod.DeepCopy()
	after.Spec.ActiveDeadlineSeconds = ptr.To[int64](1) // the minimum of the API
	metav1.SetMetaDataAnnotation(&after.ObjectMeta, v1alpha1.AnnotationEnded, lifecycle.EndMark(reason, o.Now))
	return r.Client.Patch(ctx, after, client.MergeFrom(before))
}
