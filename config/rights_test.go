// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config_test checks the manifests of this folder.
package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/taskexec/taskexec/hack/manifests"
)

// overlay is what a folder of config consists of.
func overlay(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	all, err := manifests.Build(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// grants returns the roles that are bound to Taskexec's accounts, as "controller in default: Role taskexec-controller".
func grants(t *testing.T, all []*unstructured.Unstructured) (granted []string) {
	t.Helper()
	for _, o := range all {
		if o.GetKind() != "RoleBinding" && o.GetKind() != "ClusterRoleBinding" {
			continue
		}
		binding := rbacv1.RoleBinding{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &binding); err != nil {
			t.Fatal(err)
		}
		where := binding.Namespace
		if o.GetKind() == "ClusterRoleBinding" {
			where = "the cluster"
		}
		for _, s := range binding.Subjects {
			if s.Namespace != "taskexec-system" {
				t.Errorf("%s %s is for somebody else: %s/%s", o.GetKind(), o.GetName(), s.Namespace, s.Name)
			}
			granted = append(granted, fmt.Sprintf("%s in %s: %s %s", strings.TrimPrefix(s.Name, "taskexec-"), where, binding.RoleRef.Kind, binding.RoleRef.Name))
		}
	}
	slices.Sort(granted)
	return granted
}

// Each overlay gives the two accounts what its description says, and nothing else.
func TestCase62OverlaysGrantWhatTheySay(t *testing.T) {
	everywhere := []string{
		"apiserver in taskexec-system: Role taskexec-apiserver-idempotency",
		"apiserver in the cluster: ClusterRole system:auth-delegator",
		"apiserver in the cluster: ClusterRole taskexec-apiserver-identity",
		"controller in taskexec-system: Role taskexec-controller-leader-election",
		"controller in the cluster: ClusterRole system:auth-delegator",
		"controller in the cluster: ClusterRole taskexec-controller-identity",
	}
	for folder, own := range map[string][]string{
		"default": {
			"apiserver in default: Role taskexec-apiserver",
			"controller in default: ClusterRole taskexec-controller-secrets",
			"controller in the cluster: ClusterRole taskexec-controller",
		},
		"all-namespaces": {
			"apiserver in the cluster: ClusterRole taskexec-apiserver",
			"controller in the cluster: ClusterRole taskexec-controller",
			"controller in the cluster: ClusterRole taskexec-controller-secrets",
		},
		"namespaced": {
			"apiserver in default: Role taskexec-apiserver",
			"controller in default: Role taskexec-controller",
			"controller in default: Role taskexec-controller-secrets",
		},
	} {
		want := slices.Sorted(slices.Values(slices.Concat(everywhere, own)))
		if got := grants(t, overlay(t, folder)); !slices.Equal(got, want) {
			t.Errorf("config/%s grants\n%s\nwant\n%s", folder, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// The Roles of named namespaces have the rules of config/rbac, which the tests of the accounts' own rights compare with
// what is used.
func TestCase62NamespacedRolesHaveTheSameRules(t *testing.T) {
	rules := func(folder string) map[string]string {
		found := map[string]string{}
		for _, o := range overlay(t, folder) {
			if o.GetKind() == "Role" || o.GetKind() == "ClusterRole" {
				rules, _, err := unstructured.NestedSlice(o.Object, "rules")
				if err != nil {
					t.Fatal(err)
				}
				found[o.GetName()] = fmt.Sprint(rules)
			}
		}
		return found
	}
	cluster, named := rules("rbac"), rules("namespaced/rights")
	if len(named) != 3 {
		t.Errorf("%d Roles, want 3", len(named))
	}
	for name, rules := range named {
		if cluster[name] != rules {
			t.Errorf("%s has %s, want %s", name, rules, cluster[name])
		}
	}
}
