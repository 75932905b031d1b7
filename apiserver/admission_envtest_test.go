// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// The policies of config/admission and of config/admission-caller apply in namespaces with these labels.
const (
	labelPolicies = "test.taskexec.dev/policies"
	labelCaller   = "test.taskexec.dev/caller"
)

// The accounts of config/rbac.
const (
	facadeUser     = "system:serviceaccount:taskexec-system:taskexec-apiserver"
	controllerUser = "system:serviceaccount:taskexec-system:taskexec-controller"
)

// objectsOf returns the objects of a manifest file.
func objectsOf(t *testing.T, path ...string) (all []*unstructured.Unstructured) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"..", "config"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := decoder.Decode(o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
}

// policies guards the installation of the policies. Their bindings are narrowed to namespaces of these tests.
var policies = struct {
	sync.Mutex
	installed bool
}{}

// installed creates the policies of config in the API server, once.
func installed(t *testing.T) {
	t.Helper()
	policies.Lock()
	defer policies.Unlock()
	if policies.installed {
		return
	}
	files, err := filepath.Glob(filepath.Join("..", "config", "admission", "*_policy.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		all = append(all, objectsOf(t, "admission", filepath.Base(file))...)
	}
	all = append(all, objectsOf(t, "admission-caller", "caller_policy.yaml")...)
	for _, o := range append(all, lastPolicy()...) {
		if label := map[string]string{"ValidatingAdmissionPolicyBinding": labelPolicies, "MutatingAdmissionPolicyBinding": labelCaller}[o.GetKind()]; label != "" {
			selector := map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{label: "on"}}}
			if err := unstructured.SetNestedMap(o.Object, selector, "spec", "matchResources"); err != nil {
				t.Fatal(err)
			}
		}
		if err := adminClient.Create(t.Context(), o); err != nil {
			t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	policies.installed = true
}

// lastName names a policy that refuses a ConfigMap of the same name.
const lastName = "last-of-all"

// lastPolicy returns a policy and its binding. It is created last. The API server learns of policies in the order of
// their creation, so when this one is in force, so are the others.
func lastPolicy() []*unstructured.Unstructured {
	policy := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"matchConstraints": map[string]any{"resourceRules": []any{map[string]any{
			"apiGroups": []any{""}, "apiVersions": []any{"v1"}, "operations": []any{"CREATE"}, "resources": []any{"configmaps"},
		}}},
		"validations": []any{map[string]any{"expression": "object.metadata.name != '" + lastName + "'"}},
	}}}
	binding := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"policyName": lastName, "validationActions": []any{"Deny"},
	}}}
	for o, kind := range map[*unstructured.Unstructured]string{policy: "ValidatingAdmissionPolicy", binding: "ValidatingAdmissionPolicyBinding"} {
		o.SetAPIVersion("admissionregistration.k8s.io/v1")
		o.SetKind(kind)
		o.SetName(lastName)
	}
	return []*unstructured.Unstructured{policy, binding}
}

// withPolicies puts the policies in force in the lab's namespace, and waits until they are.
func (l gatedLab) withPolicies(t *testing.T, labels ...string) {
	t.Helper()
	installed(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: l.namespace}}
	patch := `{"metadata":{"labels":{"` + strings.Join(labels, `":"on","`) + `":"on"}}}`
	if err := adminClient.Patch(t.Context(), namespace, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
		t.Fatal(err)
	}
	until(t, "the policies hold", func() bool {
		last := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: lastName}}
		if err := adminClient.Create(t.Context(), last, client.DryRunAll); err == nil {
			return false
		}
		e := fixture.Execution("probe", "probe", "")
		e.Namespace, e.CreationTimestamp = l.namespace, metav1.Time{}
		e.Spec.Trigger.Source = v1alpha1.TriggerManual
		if err := adminClient.Create(t.Context(), e.DeepCopy(), client.DryRunAll); !apierrors.IsForbidden(err) {
			return false
		}
		e.Spec.Trigger.Source = ""
		if err := adminClient.Create(t.Context(), e, client.DryRunAll); err != nil {
			t.Fatal(err)
		}
		named := e.Spec.Trigger.User != ""
		for _, label := range labels {
			if label == labelCaller && !named {
				return false
			}
		}
		return true
	})
}

// kubectlAs returns a client with the rights of a user.
func kubectlAs(t *testing.T, user string) client.Client {
	t.Helper()
	return kubectlAsGroup(t, user, "system:serviceaccounts")
}

func kubectlAsGroup(t *testing.T, user, group string) client.Client {
	t.Helper()
	config := rest.CopyConfig(apiServer)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated", group}}
	c, err := client.New(config, client.Options{Scheme: adminClient.Scheme(), Mapper: adminClient.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serviceRoles grants Taskexec's own accounts their rights of config/rbac: to the controller everywhere, to the facade
// in the lab's namespace.
func (l gatedLab) serviceRoles(t *testing.T) {
	t.Helper()
	for _, o := range append(objectsOf(t, "rbac", "controller_cluster_role.yaml"), objectsOf(t, "rbac", "apiserver_role.yaml")...) {
		if o.GetNamespace() != "" {
			o.SetNamespace(l.namespace)
		}
		if err := adminClient.Create(t.Context(), o); client.IgnoreAlreadyExists(err) != nil {
			t.Fatal(err)
		}
	}
	until(t, "the rights hold", func() bool {
		for _, user := range []string{facadeUser, controllerUser} {
			if kubectlAs(t, user).List(t.Context(), &v1alpha1.TaskList{}, client.InNamespace(l.namespace)) != nil {
				return false
			}
		}
		return true
	})
}

// wantForbidden checks that the API server refused a request with a message of our policies.
func wantForbidden(t *testing.T, err error, says string) {
	t.Helper()
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), says) {
		t.Errorf("%v, want a refusal that says %q", err, says)
	}
}

// The API server accepts the policies without a warning. It warns of expressions that do not fit the CRD.
func TestPoliciesFitTheCRDs(t *testing.T) {
	installed(t)
	list := &admissionregistrationv1.ValidatingAdmissionPolicyList{}
	if err := adminClient.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		t.Fatal("there are none")
	}
	for i := range list.Items {
		p := &list.Items[i]
		if len(p.Spec.MatchConditions) == 0 && p.Name != lastName {
			t.Errorf("%s holds for Taskexec itself", p.Name)
		}
		if p.Status.TypeChecking != nil {
			for _, w := range p.Status.TypeChecking.ExpressionWarnings {
				t.Errorf("%s: %s: %s", p.Name, w.FieldRef, w.Warning)
			}
		}
	}
}
