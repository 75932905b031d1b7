// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"
	"errors"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
)

// forget removes a deleted run from the archive, in the background. It is tried once: who needs certainty uses
// taskexec-archive forget.
func (r *Reconciler) forget(e *v1alpha1.TaskExecution) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		defer cancel()
		err := errors.Join(
			r.logs.Delete(ctx, archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID}),
			r.writer.Forget(ctx, e.Namespace, e.Name, e.UID, e.CreationTimestamp.Time),
		)
		log := ctrl.Log.WithName("recorder").WithValues("execution", klog.KObj(e))
		if err != nil {
			log.Error(err, "A deleted run could not be forgotten; remove it with taskexec-archive forget")
			return
		}
		log.V(1).Info("Forgot a deleted run (--archive-forget)")
	}()
}
