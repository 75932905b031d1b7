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

// controllerRules are the files that have its rules.
var controllerRules = []string{
	filepath.Join("..", "config", "rbac", "controller_cluster_role.yaml"),
	filepath.Join("..", "config", "rbac", "controller_secrets_role.yaml"),
	filepath.Join("..", "config", "rbac", "controller_identity_role.yaml"),
	filepath.Join("..", "config", "rbac", "controller_leader_election_role.yaml"),
}

// audited is what the API server logs of the controller's account.
var audited *rights.Log

// asController returns the controller's own account its rights of config/rbac, and a token.
func asController(t *testing.T) *rest.Config {
	t.Helper()
	config, err := rights.Account(t.Context(), kube, apiServer, systemNamespace, controllerAccount)
	if err != nil {
		t.Fatal(err)
	}
	if err := rights.Install(t.Context(), kube, controllerRules...); err != nil {
		t.Fatal(err)
	}
	// As config/all-namespaces has it: each flow has a namespace of its own.
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

// usedElsewhere are rights that these flows have no use for.
var usedElsewhere = map[rights.Right]bool{
	"get pods/log": true, // no kubelet is here: the end-to-end tests read logs
	"update taskexec.dev/taskexecutions/finalizers":                      true, // for OwnerReferencesPermissionEnforcement, and never asked for itself
	"patch events.k8s.io/events":                                         true, // an Event that is repeated within minutes
	"get admissionregistration.k8s.io/validatingadmissionpolicybindings": true, // no policy is installed here, and its binding is asked for after it
	"get taskexec.dev/taskschedules":                                     true, // one that changed while its runs were made
	// For the election of a leader, which is off here.
	"get coordination.k8s.io/leases": true, "create coordination.k8s.io/leases": true, "update coordination.k8s.io/leases": true,
	"create events": true, "patch events": true,
	// The caches stream their lists by watches, and list where an API server does not do that.
	"list taskexec.dev/tasks": true, "list taskexec.dev/taskschedules": true, "list taskexec.dev/taskexecutions": true,
	"list batch/jobs": true, "list pods": true,
}

// inSystem has the operator publish its key where it is installed.
func inSystem(o *controllers.Options) { o.SystemNamespace = systemNamespace }

// The operator plays each story of its life under its own account: it is refused nothing, and it uses each of its rights.
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
	t.Run("a pod that cannot be made, and an archive", func(t *testing.T) {
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
