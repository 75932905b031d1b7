// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ForgetExecution reads the current state from the API server, and annotates the execution if it has ended in that state. The
// controller does the rest, so that nothing is left half done if the facade stops.
func (s *Store) ForgetExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, asked bool, err error) {
	if !canExist(id) {
		return nil, false, nil
	}
	err = retry.OnError(cancelRetry, apierrors.IsConflict, func() error {
		found = &v1alpha1.TaskExecution{}
		if err := s.live.Get(ctx, s.key(id), found); err != nil {
			return err
		}
		if asked = found.Status.Phase.IsTerminal(); !asked {
			return nil
		}
		marked := found.DeepCopy()
		metav1.SetMetaDataAnnotation(&marked.ObjectMeta, v1alpha1.AnnotationForget, "true")
		return s.live.Patch(ctx, marked, client.MergeFromWithOptions(found, client.MergeFromWithOptimisticLock{}))
	})
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("marking execution %s to be forgotten: %w", id, err)
	}
	return found, asked, nil
}
