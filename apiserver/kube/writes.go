// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// createTries bounds how often creating an execution is repeated if one of the same name exists but is gone when it is
// read.
const createTries = 3

// Create relies on the API server to let only one of several requests win, even of several replicas. The others read
// the winner's object from the API server, because no cache may have it yet.
func (s *Store) Create(ctx context.Context, execution *v1alpha1.TaskExecution) (existing *v1alpha1.TaskExecution, err error) {
	execution.Namespace = s.namespace
	for range createTries {
		err = s.client.Create(ctx, execution)
		if !apierrors.IsAlreadyExists(err) {
			break
		}
		existing = &v1alpha1.TaskExecution{}
		if getErr := s.live.Get(ctx, s.key(execution.Name), existing); !apierrors.IsNotFound(getErr) {
			err = getErr
			break
		}
		existing = nil
	}
	if err != nil {
		return nil, fmt.Errorf("creating execution %s: %w", execution.Name, err)
	}
	s.wrote(execution)
	return existing, nil
}

// CreateSecret makes the execution the Secret's owner, which tells the controller that the Secret belongs to it. It
// sets no finalizer, so that deleting the execution does not wait for the Secret.
func (s *Store) CreateSecret(ctx context.Context, execution *v1alpha1.TaskExecution, values map[string][]byte) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.namespace,
			Name:      execution.Spec.SecretParams.SecretName,
			Labels:    map[string]string{v1alpha1.LabelExecutionUID: string(execution.UID)},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: "TaskExecution",
				Name: execution.Name, UID: execution.UID, Controller: ptr.To(true),
			}},
		},
		Immutable: ptr.To(true),
		Data:      values,
	}
	if err := s.live.Create(ctx, secret); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the secret of execution %s: %w", execution.Name, err)
	}
	return nil
}

// cancelRetry is for cancels that conflict with a write of the controller. The controller writes about every second
// while a run prints. Each try reads the execution again right before it writes.
var cancelRetry = wait.Backoff{Steps: 12, Duration: 5 * time.Millisecond, Factor: 1.5, Jitter: 0.5}

// Cancel sets spec.cancel if the execution has not ended. The patch has the resourceVersion that was read. If it
// succeeds, the end was not recorded yet, and the controller will record Cancelled. Otherwise the cancel is too late.
func (s *Store) Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (outcome CancelOutcome, err error) {
	execution, err := s.Execution(ctx, id)
	if err != nil || execution == nil {
		return CancelNotFound, err
	}
	stale := false
	err = retry.OnError(cancelRetry, apierrors.IsConflict, func() error {
		if stale {
			current := &v1alpha1.TaskExecution{}
			if err := s.live.Get(ctx, s.key(id), current); err != nil {
				return err
			}
			execution = current
		}
		switch {
		case execution.Status.Phase.IsTerminal():
			outcome = CancelTooLate
			return nil
		case execution.Spec.Cancel != nil:
			outcome = CancelRepeated
			return nil
		}
		outcome, stale = CancelAccepted, true
		changed := execution.DeepCopy()
		changed.Spec.Cancel = &request
		if err := s.client.Patch(ctx, changed, client.MergeFromWithOptions(execution, client.MergeFromWithOptimisticLock{})); err != nil {
			return err
		}
		s.wrote(changed)
		return nil
	})
	if apierrors.IsNotFound(err) {
		return CancelNotFound, nil
	}
	if err != nil {
		return CancelNotFound, fmt.Errorf("cancelling execution %s: %w", id, err)
	}
	return outcome, nil
}
