// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/logs/archive"
)

const (
	// identityTime bounds how long a starting controller waits for the identity of its cluster.
	identityTime = 20 * time.Second
	// identityRetry is the time between two attempts: a cluster that has just started creates its namespaces within
	// seconds.
	identityRetry = 500 * time.Millisecond
)

// clusterIdentity returns the identity of this cluster: the UID of its namespace kube-system, which lives as long as
// the cluster. It is empty if the namespace does not exist or the controller may not read it. Then it logs that, and no
// archive counts as one of this cluster.
func clusterIdentity(ctx context.Context, live client.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, identityTime)
	defer cancel()
	var last error
	namespace := &corev1.Namespace{}
	err := wait.PollUntilContextCancel(ctx, identityRetry, true, func(ctx context.Context) (bool, error) {
		last = live.Get(ctx, types.NamespacedName{Name: metav1.NamespaceSystem}, namespace)
		return last == nil || apierrors.IsForbidden(last), nil
	})
	switch {
	case last == nil && err == nil:
		return string(namespace.UID), nil
	case apierrors.IsForbidden(last), apierrors.IsNotFound(last):
		ctrl.Log.WithName("cluster").Info("The identity of this cluster is not known (see config/rbac, or set --cluster-id): archives are kept for ever, and copies of runs from other clusters are not recognized by their cluster", "reason", last.Error())
		return "", nil
	default:
		return "", fmt.Errorf("asking the API server for the identity of this cluster, its namespace %s: %w", metav1.NamespaceSystem, errors.Join(last, err))
	}
}

// sweep removes the archives of this cluster's deleted executions. It reads from the API server and not from a cache,
// which may hold one namespace only. It keeps archives that it cannot judge.
func sweep(ctx context.Context, live client.Reader, archives *archive.Reader, cluster string, unchanged time.Duration) {
	log := ctrl.LoggerFrom(ctx).WithName("archive")
	removed, err := archives.Sweep(ctx, cluster, func(ctx context.Context, e archive.Execution) (bool, error) {
		execution := &v1alpha1.TaskExecution{}
		err := live.Get(ctx, types.NamespacedName{Namespace: e.Namespace, Name: e.Name}, execution)
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return execution.UID == e.UID, err
	}, time.Now().Add(-unchanged))
	switch {
	case errors.Is(err, archive.ErrForeign):
		log.Error(err, "The archive is not swept; nothing was removed (--archive-sweep-interval)")
	case err != nil:
		log.Error(err, "Sweeping the archive")
	}
	if removed > 0 {
		log.Info("Removed the archives of executions that were deleted", "count", removed)
	}
}
