// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// audience is the facade's default token audience.
const audience = "taskexec"

// viewer creates a ServiceAccount that may read runs, using the ClusterRole that Taskexec installs. It returns a
// token.
func (l *filled) viewer(ctx context.Context) (token string, err error) {
	role := &rbacv1.ClusterRole{}
	raw, err := os.ReadFile(l.role)
	if err != nil {
		return "", err
	}
	if err := yaml.UnmarshalStrict(raw, role); err != nil {
		return "", fmt.Errorf("reading %s: %w", l.role, err)
	}
	named := metav1.ObjectMeta{Namespace: namespace, Name: "viewer"}
	account := &corev1.ServiceAccount{ObjectMeta: named}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: named,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: named.Name}},
	}
	for _, object := range []client.Object{role, account, binding} {
		if err := l.Kube.Create(ctx, object); err != nil {
			return "", fmt.Errorf("making the viewer: %w", err)
		}
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{audience}}}
	if err := l.Kube.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("asking for the viewer's token: %w", err)
	}
	return request.Status.Token, nil
}
