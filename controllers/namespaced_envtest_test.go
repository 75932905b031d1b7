// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/queue"
	"github.com/taskexec/taskexec/hack/manifests"
	"github.com/taskexec/taskexec/hack/rights"
)

// bind creates a role or a binding from a manifest in a namespace, for the account of the namespace system.
func bind(t *testing.T, o *unstructured.Unstructured, in, system string) {
	t.Helper()
	o, err := manifests.In(o, in, system)
	if err != nil {
		t.Fatal(err)
	}
	create(t, o)
}

// withRolesOnly creates an account in a namespace of its own, system. The account gets the Roles of config/namespaced
// in the given namespaces and in system, and no right elsewhere.
func withRolesOnly(t *testing.T, namespaces ...string) (config *rest.Config, system string) {
	t.Helper()
	system = namespace(t)
	config, err := rights.Account(t.Context(), kube, apiServer, system, controllerAccount)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := manifests.Build(t.Context(), "namespaced/rights")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range namespaces {
		for _, o := range roles {
			bind(t, o, in, system)
		}
	}
	all, err := manifests.Build(t.Context(), "rbac")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.GetName() == "taskexec-controller-leader-election" { // only its own namespace has the keys that sign Jobs
			bind(t, o, system, system)
		}
	}
	own, err := client.New(config, client.Options{Scheme: scheme, Mapper: kube.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range namespaces {
		eventually(t, "the rights hold in "+in, func() (bool, any) {
			err := own.List(t.Context(), &corev1.PodList{}, client.InNamespace(in))
			return err == nil, err
		})
	}
	return config, system
}

// The controller has the Roles of config/namespaced in two namespaces. It runs their executions, with sensitive params,
// under one common limit. It ignores a third namespace.
func TestCase62ControllerWithRolesOnly(t *testing.T) {
	first, second, other := login(t), login(t), login(t)
	config, system := withRolesOnly(t, first.Namespace, second.Namespace)
	operation{
		config: config, namespaces: []string{first.Namespace, second.Namespace},
		changes: []func(*controllers.Options){leaky, func(o *controllers.Options) { o.MaxRunning, o.SystemNamespace = queue.Limits{Total: 10}, system }},
	}.runs(t)
	for _, e := range []*v1alpha1.TaskExecution{other, first, second} {
		create(t, loginSecret(e.Namespace))
		create(t, e)
	}
	for _, e := range []*v1alpha1.TaskExecution{first, second} {
		job := jobOf(t, e)
		pod := podOf(t, job)
		runs(t, pod)
		reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
		exits(t, pod, 0, "")
		ends(t, job, "Complete")
		reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
		standsNowhere(t, e.Namespace)
	}
	read(t, other)
	if other.Status.Phase != "" || len(jobs(t, other.Namespace)) > 0 {
		t.Errorf("the run of another namespace is %+v", other.Status)
	}
}
