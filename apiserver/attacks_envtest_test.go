// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// jobControllerUser creates the pods of Jobs.
const jobControllerUser = "system:serviceaccount:kube-system:job-controller"

// workloads is a rule that allows everything on Jobs and pods, and nothing on Taskexec's resources.
func workloads() []rbacv1.PolicyRule {
	verbs := []string{"create", "get", "list", "update", "patch", "delete"}
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: verbs},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: verbs},
	}
}

// runOf creates a run, and its Job as the controller. It returns both, and a pod that it does not create.
func (l gatedLab) runOf(t *testing.T, name string) (*v1alpha1.TaskExecution, *batchv1.Job, *corev1.Pod) {
	t.Helper()
	task := l.taskOf("sync", nil)
	if err := adminClient.Create(t.Context(), task); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	e := l.execution(name, "sync")
	if err := adminClient.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	job, err := jobspec.Build(task, e, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := kubectlAs(t, controllerUser).Create(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: *job.Spec.Template.ObjectMeta.DeepCopy(), Spec: *job.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = l.namespace, job.Name+"-pod"
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))}
	return e, job, pod
}

// The right to write Jobs and pods is not enough to add one to a run, or to change what Taskexec reads from those of a
// run.
func TestCase47JobsAndPodsCannotBeForged(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	l.serviceRoles(t)
	l.serviceAccount(t, "mallory", "", workloads()...)
	mallory := kubectlAs(t, l.userName("mallory"))
	l.systemUser(t, jobControllerUser)
	l.withPolicies(t, labelPolicies)
	_, job, pod := l.runOf(t, "run")
	until(t, "mallory may read Jobs", func() bool { return mallory.Get(t.Context(), client.ObjectKeyFromObject(job), &batchv1.Job{}) == nil })
	// The Job controller may create pods and update them.
	jobController := kubectlAs(t, jobControllerUser)
	if err := jobController.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	for _, o := range []client.Object{job.DeepCopy(), pod.DeepCopy()} {
		if err := patched(t, jobController, o, types.MergePatchType, `{"metadata":{"finalizers":null}}`); err != nil {
			t.Error(err)
		}
	}

	forgedJob, forgedPod := job.DeepCopy(), pod.DeepCopy()
	forgedJob.ObjectMeta = metav1.ObjectMeta{Namespace: l.namespace, Name: "forged", Labels: job.Labels, Annotations: job.Annotations, OwnerReferences: job.OwnerReferences}
	forgedJob.Spec = batchv1.JobSpec{Template: job.Spec.Template}
	forgedJob.Spec.Template.Labels = nil
	forgedPod.ObjectMeta = metav1.ObjectMeta{Namespace: l.namespace, Name: "forged", Labels: pod.Labels, Annotations: pod.Annotations, OwnerReferences: pod.OwnerReferences}
	const marks = "labels and annotations below taskexec.dev/"
	for name, c := range map[string]struct {
		do   func() error
		says string
	}{
		"a Job of a run": {func() error { return mallory.Create(t.Context(), forgedJob.DeepCopy()) }, "only Taskexec's controller may create a Job"},
		"a pod of a run": {func() error { return mallory.Create(t.Context(), forgedPod.DeepCopy()) }, "only the controller of its Job may create a pod"},
		"a Job that becomes one of a run": {func() error {
			plain := forgedJob.DeepCopy()
			plain.Name, plain.Labels, plain.Annotations = "plain", nil, nil
			if err := mallory.Create(t.Context(), plain); err != nil {
				t.Fatal(err)
			}
			return patched(t, mallory, plain, types.MergePatchType, `{"metadata":{"labels":{"taskexec.dev/execution-uid":"`+job.Labels[v1alpha1.LabelExecutionUID]+`"}}}`)
		}, marks},
		"a pod that becomes one of a run": {func() error {
			plain := forgedPod.DeepCopy()
			plain.Name, plain.Labels, plain.Annotations, plain.OwnerReferences = "plain", nil, nil, nil
			if err := mallory.Create(t.Context(), plain); err != nil {
				t.Fatal(err)
			}
			return patched(t, mallory, plain, types.MergePatchType, `{"metadata":{"labels":{"taskexec.dev/execution-uid":"x"}}}`)
		}, marks},
		"other limits": {func() error {
			return patched(t, mallory, job.DeepCopy(), types.MergePatchType, `{"metadata":{"annotations":{"taskexec.dev/limits":"{}"}}}`)
		}, marks},
		"a Job taken out of its run": {func() error {
			return patched(t, mallory, job.DeepCopy(), types.MergePatchType, `{"metadata":{"labels":{"taskexec.dev/execution-uid":null}}}`)
		}, marks},
		"another container's log": {func() error {
			return patched(t, mallory, pod.DeepCopy(), types.MergePatchType, `{"metadata":{"annotations":{"taskexec.dev/log-container":"sidecar"}}}`)
		}, marks},
		"an end that we did not make": {func() error {
			return patched(t, mallory, pod.DeepCopy(), types.MergePatchType, `{"metadata":{"annotations":{"taskexec.dev/ended":"DeadlineExceeded 2026-01-01T00:00:00Z"}}}`)
		}, marks},
		"another run's pod": {func() error {
			return patched(t, mallory, pod.DeepCopy(), types.JSONPatchType, `[{"op":"replace","path":"/metadata/labels/taskexec.dev~1execution-uid","value":"x"}]`)
		}, marks},
	} {
		t.Run(name, func(t *testing.T) { wantForbidden(t, c.do(), c.says) })
	}
	// Kubernetes' own uses stay allowed: other labels, spec.suspend, deletion, and the caller's own Jobs.
	for _, fine := range []func() error{
		func() error {
			return patched(t, mallory, job.DeepCopy(), types.MergePatchType, `{"metadata":{"labels":{"team":"a"}},"spec":{"suspend":true}}`)
		},
		func() error {
			return patched(t, mallory, pod.DeepCopy(), types.MergePatchType, `{"metadata":{"labels":{"team":"a"},"annotations":{"x":"y"}}}`)
		},
		func() error { return mallory.Delete(t.Context(), pod.DeepCopy()) },
		func() error { return mallory.Delete(t.Context(), job.DeepCopy()) },
	} {
		if err := fine(); err != nil {
			t.Error(err)
		}
	}
}

// systemUser grants a user of Kubernetes itself its usual rights on Jobs and pods. No such controller runs here.
func (l gatedLab) systemUser(t *testing.T, user string) {
	t.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "system"}, Rules: workloads()}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "system"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "system"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	}
	l.create(t, role)
	l.create(t, binding)
	until(t, "the rights hold", func() bool {
		return kubectlAs(t, user).List(t.Context(), &batchv1.JobList{}, client.InNamespace(l.namespace)) == nil
	})
}

// A namespace's administrator may grant the shipped Role of one Task, but no right that they lack.
func TestCase47AdminsMayGrantOneTask(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	granting := rbacv1.PolicyRule{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles", "rolebindings"}, Verbs: []string{"create", "get"}}
	// The cluster's role admin contains the rules of the roles that are aggregated into it.
	aggregated := slices.Concat(clusterRole(t, "viewer").Rules, clusterRole(t, "editor").Rules)
	for name, rules := range map[string][]rbacv1.PolicyRule{"aggregated": aggregated, "shipped": clusterRole(t, "admin").Rules} {
		l.serviceAccount(t, name, "", append(rules, granting)...)
		admin := kubectlAs(t, l.userName(name))
		role := oneTaskRole(t)
		role.Namespace, role.Name = l.namespace, "granted-by-"+name
		until(t, "the rights hold", func() bool {
			return client.IgnoreNotFound(admin.Get(t.Context(), client.ObjectKeyFromObject(role), role.DeepCopy())) == nil
		})
		if err := admin.Create(t.Context(), role); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		more := oneTaskRole(t)
		more.Namespace, more.Name = l.namespace, "more-by-"+name
		more.Rules = []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"taskexecutions/status"}, Verbs: []string{"patch"}}}
		if err := admin.Create(t.Context(), more); err == nil {
			t.Errorf("%s grants the right to write statuses", name)
		}
	}
}

// oneTaskRole returns the Role of config/samples.
func oneTaskRole(t *testing.T) *rbacv1.Role {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "config", "samples", "role_user-space-sync-runner.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(raw), "\n---\n")
	role := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict([]byte(first), role); err != nil {
		t.Fatal(err)
	}
	return role
}

// The roles that are aggregated into view, edit and admin allow only what those names say.
func TestCase47AggregatedRoles(t *testing.T) {
	l := newGatedLab(t, apiServer, "taskexec")
	viewer, editor := clusterRole(t, "viewer").Rules, clusterRole(t, "editor").Rules
	l.serviceAccount(t, "view", "", viewer...)
	l.serviceAccount(t, "edit", "", append(viewer, editor...)...)
	l.withPolicies(t, labelPolicies)
	if err := adminClient.Create(t.Context(), l.taskOf("sync", nil)); err != nil {
		t.Fatal(err)
	}
	if err := adminClient.Create(t.Context(), l.execution("run", "sync")); err != nil {
		t.Fatal(err)
	}
	if err := adminClient.Create(t.Context(), l.schedule("nightly", "sync")); err != nil {
		t.Fatal(err)
	}
	view, edit := kubectlAs(t, l.userName("view")), kubectlAs(t, l.userName("edit"))
	for name, c := range map[string]struct {
		do      func(client.Client) error
		mayView bool
		mayEdit bool
	}{
		"read a run": {func(c client.Client) error {
			return c.Get(t.Context(), types.NamespacedName{Namespace: l.namespace, Name: "run"}, &v1alpha1.TaskExecution{})
		}, true, true},
		"cancel": {func(c client.Client) error {
			return patched(t, c, l.execution("run", ""), types.MergePatchType, `{"spec":{"cancel":{}}}`)
		}, false, true},
		"run": {func(c client.Client) error {
			return c.Create(t.Context(), l.execution("another", "sync"), client.DryRunAll)
		}, false, true},
		"change a Task": {func(c client.Client) error {
			return patched(t, c, l.taskOf("sync", nil), types.MergePatchType, `{"spec":{"description":"x"}}`)
		}, false, true},
		"change a schedule": {func(c client.Client) error {
			return patched(t, c, l.schedule("nightly", ""), types.MergePatchType, `{"spec":{"schedule":"@hourly"}}`)
		}, false, true},
		"write a run's end":   {func(c client.Client) error { return c.Status().Patch(t.Context(), l.execution("run", ""), completed) }, false, false},
		"write a Task's word": {func(c client.Client) error { return c.Status().Patch(t.Context(), l.taskOf("sync", nil), completed) }, false, false},
		"read a Secret": {func(c client.Client) error {
			return c.List(t.Context(), &corev1.SecretList{}, client.InNamespace(l.namespace))
		}, false, false},
		"make a Job": {func(c client.Client) error {
			return c.Create(t.Context(), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: "x"}})
		}, false, false},
	} {
		if err := c.do(view); (err == nil) != c.mayView {
			t.Errorf("view: %s: %v", name, err)
		}
		if err := c.do(edit); (err == nil) != c.mayEdit {
			t.Errorf("edit: %s: %v", name, err)
		}
	}
}

var completed = client.RawPatch(types.MergePatchType, []byte(`{"status":{"observedGeneration":1}}`))
