// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// A controller that may not read the namespace kube-system has no cluster identity. It then records nothing, and so removes
// nothing.
func TestCase37ClusterWithoutIdentity(t *testing.T) {
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: types.UID("cluster-a")}}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"it may read":     {nil, "cluster-a"},
		"it may not read": {apierrors.NewForbidden(corev1.Resource("namespaces"), metav1.NamespaceSystem, nil), ""},
	} {
		t.Run(name, func(t *testing.T) {
			reader := fake.NewClientBuilder().WithObjects(system).WithInterceptorFuncs(interceptor.Funcs{
				Get: func(ctx context.Context, inner client.WithWatch, key client.ObjectKey, to client.Object, o ...client.GetOption) error {
					if c.err != nil {
						return c.err
					}
					return inner.Get(ctx, key, to, o...)
				},
			}).Build()
			got, err := clusterIdentity(t.Context(), reader)
			if got != c.want || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// Nothing is removed from an archive unless an operator asks for it.
func TestCase37RetentionIsOffByDefault(t *testing.T) {
	if every := DefaultOptions().Archive.Retention.Every; every != 0 {
		t.Errorf("the archive's retention is applied each %s", every)
	}
}
