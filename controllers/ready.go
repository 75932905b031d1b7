// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"net/http"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// CachesSynced starts to watch every kind that the controllers read. It returns a check that fails until all watches
// have listed their objects once. A controller that waits for its lease also watches, so that it is ready before it
// leads. CachesSynced returns an error if the API server does not know a kind.
func CachesSynced(ctx context.Context, caches cache.Cache) (healthz.Checker, error) {
	synced := map[string]func() bool{}
	for name, kind := range map[string]client.Object{
		"tasks": &v1alpha1.Task{}, "taskexecutions": &v1alpha1.TaskExecution{}, "taskschedules": &v1alpha1.TaskSchedule{},
		"jobs": &batchv1.Job{}, "pods": &corev1.Pod{},
	} {
		informer, err := caches.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("watching %s (are the kinds of config/crd installed?): %w", name, err)
		}
		synced[name] = informer.HasSynced
	}
	return func(*http.Request) error {
		for name, has := range synced {
			if !has() {
				return fmt.Errorf("the watch of %s has not shown the cluster yet", name)
			}
		}
		return nil
	}, nil
}
