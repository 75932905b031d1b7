// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"context"
	"fmt"
	"maps"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Bound returns the rights that a cluster's RoleBindings and ClusterRoleBindings grant to a service account by name,
// in all namespaces. It leaves out rights of groups that include every account.
func Bound(ctx context.Context, cluster client.Reader, namespace, account string) (map[Right]bool, error) {
	bound := map[Right]bool{}
	roles, everywhere := &rbacv1.RoleBindingList{}, &rbacv1.ClusterRoleBindingList{}
	for _, list := range []client.ObjectList{roles, everywhere} {
		if err := cluster.List(ctx, list); err != nil {
			return nil, fmt.Errorf("listing what is bound to %s/%s: %w", namespace, account, err)
		}
	}
	add := func(subjects []rbacv1.Subject, ref rbacv1.RoleRef, in string) error {
		for _, s := range subjects {
			if s.Kind != rbacv1.ServiceAccountKind || s.Namespace != namespace || s.Name != account {
				continue
			}
			rules, err := rulesOf(ctx, cluster, ref, in)
			if err != nil {
				return err
			}
			maps.Copy(bound, ofRules(rules))
		}
		return nil
	}
	for i := range roles.Items {
		if b := &roles.Items[i]; add(b.Subjects, b.RoleRef, b.Namespace) != nil {
			return nil, fmt.Errorf("reading the %s %s of the RoleBinding %s/%s", b.RoleRef.Kind, b.RoleRef.Name, b.Namespace, b.Name)
		}
	}
	for i := range everywhere.Items {
		if b := &everywhere.Items[i]; add(b.Subjects, b.RoleRef, "") != nil {
			return nil, fmt.Errorf("reading the ClusterRole %s of the ClusterRoleBinding %s", b.RoleRef.Name, b.Name)
		}
	}
	return bound, nil
}

func rulesOf(ctx context.Context, cluster client.Reader, ref rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	if ref.Kind == "ClusterRole" {
		role := &rbacv1.ClusterRole{}
		err := cluster.Get(ctx, client.ObjectKey{Name: ref.Name}, role)
		return role.Rules, err
	}
	role := &rbacv1.Role{}
	err := cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, role)
	return role.Rules, err
}

// ofRules returns the rights that rules grant.
func ofRules(rules []rbacv1.PolicyRule) map[Right]bool {
	granted := map[Right]bool{}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					granted[rightOf(verb, group, resource)] = true
				}
			}
		}
	}
	return granted
}
