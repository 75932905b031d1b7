// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/hack/rights"
)

// The account of config/rbac.
const (
	systemNamespace   = "taskexec-system"
	controllerAccount = "taskexec-controller"
	controllerUser    = "system:serviceaccount:" + systemNamespace + ":" + controllerAccount
)

// controllerRules are the files with the controller's rules.
var controllerRules = []string{
	filepath.Join("..", "config", "rbac", "controller_cluster_role.yaml"),
	filepath.Join("..", "config", "rbac", "controller_secrets_role.yaml"),
	filepath.Join("..", "config", "rbac", "controller_identity_role.yaml"),
	filepath.Join("..", "config", "rbac", "controller_leader_election_role.yaml"),
}

// audited is the API server's audit log of the controller's account.
var audited *rights.Log

// asController grants the controller's own account its rights of config/rbac, and returns a configuration with its
// token.
func asController(t *testing.T) *rest.Config {
	t.Helper()
	config, err := rights.Account(t.Context(), kube, apiServer, systemNamespace, controllerAccount)
	if err != nil {
		t.Fatal(err)
	}
	if err := rights.Install(t.Context(), kube, controllerRules...); err != nil {
		t.Fatal(err)
	}
	// As in config/all-namespaces, because each flow has a namespace of its own.
	everywhere := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "taskexec-controller-secrets"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "taskexec-controller-secrets"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: systemNamespace, Name: controllerAccount}},
	}
	if err := kube.Create(t.Context(), everywhere); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	own, err := client.New(config, client.Options{Scheme: scheme, Mapper: kube.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the rights hold", func() (bool, any) {
		err := errors.Join(own.List(t.Context(), &corev1.PodList{}), client.IgnoreNotFound(own.Get(t.Context(), client.ObjectKey{Namespace: systemNamespace, Name: "x"}, &corev1.ConfigMap{})))
		return err == nil, err
	})
	return config
}

// usedElsewhere are rights that these flows do not use.
var usedElsewhere = map[rights.Right]bool{
	"get pods/log": true, // no kubelet runs here: the end-to-end tests read logs
	"update taskexec.dev/taskexecutions/finalizers":                      true, // for OwnerReferencesPermissionEnforcement, never requested itself
	"patch events.k8s.io/events":                                         true, // for an Event that repeats within minutes
	"get admissionregistration.k8s.io/validatingadmissionpolicybindings": true, // no policy is installed here; its binding is read after it
	"get taskexec.dev/taskschedules":                                     true, // for a schedule that changed while its runs were created
	// For leader election, which is off here.
	"get coordination.k8s.io/leases": true, "create coordination.k8s.io/leases": true, "update coordination.k8s.io/leases": true,
	"create events": true, "patch events": true,
	// The caches list through watches, and use list if the API server does not support that.
	"list taskexec.dev/tasks": true, "list taskexec.dev/taskschedules": true, "list taskexec.dev/taskexecutions": true,
	"list batch/jobs": true, "list pods": true,
}

// inSystem makes the operator publish its key in the namespace where it is installed.
func inSystem(o *controllers.Options) { o.SystemNamespace = systemNamespace }

// The operator runs each flow under its own account. No request is forbidden, and it uses each of its rights.
func TestCase47OwnRightsOfTheController(t *testing.T) {
	config := asController(t)
	for _, f := range flows {
		t.Run(f.name, func(t *testing.T) {
			ns := namespace(t)
			s := &stage{ns, newWitness(t, ns)}
			operation{config: config, changes: append([]func(*controllers.Options){inSystem, func(o *controllers.Options) { o.HistoryPace = time.Hour }}, f.changes...)}.runs(t)
			f.act(t, s)
			s.settles(t, s.ns, "all is over", func() (bool, any) { return s.over(f.figures), s.end() })
		})
	}
	t.Run("a forbidden pod, and an archive", func(t *testing.T) {
		ns := namespace(t)
		operation{config: config, changes: []func(*controllers.Options){inSystem, func(o *controllers.Options) {
			o.Archive.URL, o.Archive.SpoolDir = "file://"+t.TempDir(), t.TempDir()
		}}}.runs(t)
		create(t, newTask(ns))
		e := named(t, ns, "run")
		jobOf(t, e)
		eventually(t, "the Events of the Job were read", func() (bool, any) {
			used, err := audited.Of(controllerUser)
			return err == nil && used.Rights["list events"], err
		})
	})
	granted, err := rights.GrantedBy(controllerRules...)
	if err != nil {
		t.Fatal(err)
	}
	used, err := audited.Of(controllerUser)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range rights.Compare(used, granted, usedElsewhere) {
		t.Error(wrong)
	}
	t.Logf("used: %s", used)
}
