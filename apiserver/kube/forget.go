// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ForgetExecution reads the current state from the API server, and annotates the execution if it has ended in that state. The
// controller does the rest, so that nothing is left half done if the facade stops.
func (s *Store) ForgetExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, asked bool, err error) {
	found, asked, err = s.onceEnded(ctx, id, func(e *v1alpha1.TaskExecution) error {
		marked := e.DeepCopy()
		metav1.SetMetaDataAnnotation(&marked.ObjectMeta, v1alpha1.AnnotationForget, "true")
		return s.live.Patch(ctx, marked, client.MergeFromWithOptions(e, client.MergeFromWithOptimisticLock{}))
	})
	if err != nil {
		return nil, false, fmt.Errorf("marking execution %s to be forgotten: %w", id, err)
	}
	return found, asked, nil
}
