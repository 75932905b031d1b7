// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
)

// forget removes the log and the record of a run from the archive.
func (r *Reconciler) forget(ctx context.Context, e *v1alpha1.TaskExecution) error {
	return errors.Join(
		r.logs.Delete(ctx, archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID}),
		r.writer.Forget(ctx, e.Namespace, e.Name, e.UID, e.CreationTimestamp.Time),
	)
}

// forgetAndDelete forgets a run whose annotation asks for it, and deletes the run then, so that nothing is left half done after a
// crash.
func (r *Reconciler) forgetAndDelete(ctx context.Context, e *v1alpha1.TaskExecution) error {
	if err := r.forget(ctx, e); err != nil {
		return fmt.Errorf("removing execution %s/%s from the archive: %w", e.Namespace, e.Name, err)
	}
	r.ledger.expect(e.UID)
	err := r.client.Delete(ctx, e.DeepCopy(), client.Preconditions{UID: &e.UID}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the forgotten execution %s/%s: %w", e.Namespace, e.Name, err)
	}
	ctrl.LoggerFrom(ctx).V(1).Info("Forgot the run, as requested")
	return nil
}

// forgetLater forgets a run that somebody deleted, in the background. It is tried once. The annotation and
// taskexec-archive forget are the reliable ways.
func (r *Reconciler) forgetLater(e *v1alpha1.TaskExecution) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		defer cancel()
		log := ctrl.Log.WithName("recorder").WithValues("execution", klog.KObj(e))
		if err := r.forget(ctx, e); err != nil {
			log.Error(err, "A deleted run could not be forgotten; remove it with taskexec-archive forget")
			return
		}
		log.V(1).Info("Forgot a deleted run (--archive-forget)")
	}()
}
