// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"context"
	"net/http"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/hack/manifests"
	"github.com/taskexec/taskexec/hack/rights"
)

// withRolesOnly creates an account that has the Roles of config/namespaced in some namespaces, and no other rights.
func withRolesOnly(t *testing.T, system string, namespaces ...string) *rest.Config {
	t.Helper()
	roles, err := manifests.Build(t.Context(), "namespaced/rights")
	if err != nil {
		t.Fatal(err)
	}
	config, err := rights.Account(t.Context(), adminClient, apiServer, system, "taskexec-apiserver")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range namespaces {
		for _, o := range roles {
			if o, err = manifests.In(o, in, system); err != nil {
				t.Fatal(err)
			}
			if err := adminClient.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
	own, err := client.New(config, client.Options{Scheme: adminClient.Scheme(), Mapper: adminClient.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range namespaces {
		until(t, "the rights hold", func() bool {
			return own.List(t.Context(), &v1alpha1.TaskList{}, client.InNamespace(in)) == nil
		})
	}
	return config
}

// With the Roles of config/namespaced in two namespaces, the facade serves both, including sensitive params.
func TestCase62FacadeWithRolesOnly(t *testing.T) {
	first, second, system := newLab(t), newLab(t), newLab(t)
	config := withRolesOnly(t, system.namespace, first.namespace, second.namespace)
	o := DefaultOptions()
	o.Namespace, o.OtherNamespaces, o.Auth, o.BindAddress = first.namespace, []string{second.namespace}, AuthNone, "127.0.0.1:0"
	stores, err := kube.New(t.Context(), config, o.watched()...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stores.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	if !stores.Synced(t.Context()) {
		t.Fatal("the cache did not sync")
	}
	s := &server{namespace: o.Namespace, stores: inKubernetes{stores}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 1), timeout: o.RequestTimeout}
	o.AllowUnauthenticated = true
	api := s.handler(o)
	for prefix, l := range map[string]lab{"": first, "/namespaces/" + second.namespace: second} {
		task := fixture.Task("login", loginSchema)
		task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox"}}
		l.create(t, task)
		until(t, "the facade sees the task", func() bool { return call(t, api, "GET", prefix+"/tasks/login", "").Code == http.StatusOK })
		made := ok[submit.Started](t, api, "POST", prefix+loginPath, `{"params":{"password":"`+hunter+`"}}`)
		execution := &v1alpha1.TaskExecution{}
		if err := adminClient.Get(t.Context(), client.ObjectKey{Namespace: l.namespace, Name: made.ExecutionID}, execution); err != nil {
			t.Fatal(err)
		}
		secret := &corev1.Secret{}
		if err := adminClient.Get(t.Context(), client.ObjectKey{Namespace: l.namespace, Name: execution.Spec.SecretParams.SecretName}, secret); err != nil {
			t.Error(err)
		}
		if list := ok[runs.History](t, api, "GET", prefix+"/tasks/executions", ""); len(list.Executions) != 1 {
			t.Errorf("%s lists %+v", l.namespace, list)
		}
	}
	wantProblem(t, call(t, api, "GET", "/namespaces/"+system.namespace+"/tasks", ""), http.StatusNotFound, "is not served here")
}

// An attacker with the rights of Taskexec's own accounts cannot create Secrets that belong to no run, or anything in
// system namespaces.
func TestCase62OwnAccountsMakeOnlyWhatRunsNeed(t *testing.T) {
	l := newGatedLab(t, apiServer)
	l.serviceRoles(t)
	l.withPolicies(t, labelPolicies)
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem}}
	if err := adminClient.Patch(t.Context(), system, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"`+labelPolicies+`":"on"}}}`))); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{facadeUser, controllerUser} { // an overlay might grant these rights
		name := "wide-" + user[len(user)-10:]
		for _, o := range []client.Object{
			&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbacv1.PolicyRule{
				{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}},
				{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"create"}},
			}},
			&rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
				Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
			},
		} {
			o.SetNamespace(metav1.NamespaceSystem)
			if err := adminClient.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
	owner := *metav1.NewControllerRef(&v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Name: "run", UID: "u"}}, v1alpha1.GroupVersion.WithKind("TaskExecution"))
	secret := func(change func(*corev1.Secret)) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, GenerateName: "s-", OwnerReferences: []metav1.OwnerReference{owner}}}
		change(s)
		return s
	}
	job := func(change func(*batchv1.Job)) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, GenerateName: "j-", OwnerReferences: []metav1.OwnerReference{owner}}}
		j.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		j.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "x"}}
		change(j)
		return j
	}
	owner.BlockOwnerDeletion = nil
	until(t, "the rights and policies hold in kube-system", func() bool {
		err := kubectlAs(t, facadeUser).Create(t.Context(), secret(func(s *corev1.Secret) { s.Namespace = metav1.NamespaceSystem }), client.DryRunAll)
		return err != nil && strings.Contains(err.Error(), "creates no Secrets in namespace kube-system")
	})
	for name, c := range map[string]struct {
		user   string
		object client.Object
		says   string
		tried  bool // as a dry run
	}{
		"a Secret of a run":      {facadeUser, secret(func(*corev1.Secret) {}), "", false},
		"a Secret without owner": {facadeUser, secret(func(s *corev1.Secret) { s.OwnerReferences = nil }), "may only create Opaque Secrets", false},
		"a bootstrap token":      {facadeUser, secret(func(s *corev1.Secret) { s.Namespace, s.Type = metav1.NamespaceSystem, corev1.SecretTypeBootstrapToken }), "creates no Secrets in namespace kube-system", false},
		"a service account's token": {facadeUser, secret(func(s *corev1.Secret) {
			s.Type, s.Annotations = corev1.SecretTypeServiceAccountToken, map[string]string{corev1.ServiceAccountNameKey: "default"}
		}), "may only create Opaque Secrets", false},
		"a Job of a run":       {controllerUser, job(func(*batchv1.Job) {}), "", false},
		"a Job without owner":  {controllerUser, job(func(j *batchv1.Job) { j.OwnerReferences = nil }), "may only create Jobs", false},
		"a Job in kube-system": {controllerUser, job(func(j *batchv1.Job) { j.Namespace = metav1.NamespaceSystem }), "runs nothing in the namespace kube-system", false},
		"a try of a Task":      {controllerUser, job(func(j *batchv1.Job) { j.OwnerReferences = nil }), "", true},
	} {
		var options []client.CreateOption
		if c.tried {
			options = append(options, client.DryRunAll)
		}
		err := kubectlAs(t, c.user).Create(t.Context(), c.object, options...)
		if c.says == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.says != "" {
			wantForbidden(t, err, c.says)
		}
	}
}
