// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// The controller reads only Secrets that belong to the execution or have the label for params.
func TestCase62ValuesOfOtherSecretsAreNotRead(t *testing.T) {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run", UID: "run-uid"}}
	execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		meta  metav1.ObjectMeta
		reads []string
	}{
		"labelled for params": {metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelParams: "true"}}, []string{"metadata", "values"}},
		"of the execution": {metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{
			*metav1.NewControllerRef(execution, v1alpha1.GroupVersion.WithKind("TaskExecution")),
		}}, []string{"metadata", "values"}},
		"of somebody else": {metav1.ObjectMeta{}, []string{"metadata"}},
	} {
		c.meta.Namespace, c.meta.Name = "ns", "login"
		var reads []string
		live := fake.NewClientBuilder().WithScheme(scheme).
			WithObjects(&corev1.Secret{ObjectMeta: c.meta, Data: map[string][]byte{"password": []byte("hunter22")}}).
			WithInterceptorFuncs(interceptor.Funcs{Get: func(ctx context.Context, api client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
				if _, head := o.(*metav1.PartialObjectMetadata); head {
					reads = append(reads, "metadata")
				} else {
					reads = append(reads, "values")
				}
				return api.Get(ctx, key, o, options...)
			}}).Build()
		o := &lifecycle.Observation{Execution: execution}
		if err := (&Reconciler{Live: live}).observeSecret(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(reads, c.reads) || o.Secret == nil {
			t.Errorf("%s: it read %q, want %q; it has %v", name, reads, c.reads, o.Secret)
		}
		if values := len(c.reads) == 2; values != (len(o.Secret.Data) == 1) || values != (o.Redact != nil) {
			t.Errorf("%s: %d values, redactor %v", name, len(o.Secret.Data), o.Redact)
		}
	}
}

// Without the right to read Secrets, the execution says who can grant it, and where.
func TestCase62ARightThatIsMissingIsNamed(t *testing.T) {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "run"}}
	execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "login", Names: []string{"password"}}
	live := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return apierrors.NewForbidden(corev1.Resource("secrets"), "login", nil)
		},
	}).Build()
	o := &lifecycle.Observation{Execution: execution}
	if err := (&Reconciler{Live: live}).observeSecret(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{`namespace "team-a"`, "RoleBinding", "taskexec-controller-secrets"} {
		if !strings.Contains(o.SecretTrouble, says) {
			t.Errorf("it says %q, want %q in it", o.SecretTrouble, says)
		}
	}
}
