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
)

const (
	// identityTime bounds how long a starting controller waits for the identity of its cluster.
	identityTime = 20 * time.Second
	// identityRetry is the time between two attempts: a cluster that has just started creates its namespaces within
	// seconds.
	identityRetry = 500 * time.Millisecond
)

// clusterIdentity returns the identity of this cluster: the UID of its namespace kube-system, which lives as long as
// the cluster. It is empty if the namespace does not exist or the controller may not read it. Then it logs that: without
// --cluster-id no run is recorded in the archive.
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
		ctrl.Log.WithName("cluster").Info("The UID of the namespace kube-system is not known (see config/rbac). Without --cluster-id, runs are not recorded in the archive (their logs are), and copies of runs of other clusters are not recognized by their cluster", "reason", last.Error())
		return "", nil
	default:
		return "", fmt.Errorf("asking the API server for the identity of this cluster, its namespace %s: %w", metav1.NamespaceSystem, errors.Join(last, err))
	}
}
