// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/apiserver/submit"
)

// The Secret of sensitive params belongs to its execution, is immutable, and is created once.
func TestSecretIsStored(t *testing.T) {
	l := newLab(t)
	l.task(t, "login", loginSchema)
	for range 2 {
		submitted(t, l, loginPath, "k", `{"params":{"password":"hunter2hunter2"}}`)
	}
	secrets := &corev1.SecretList{}
	if err := adminClient.List(t.Context(), secrets, client.InNamespace(l.namespace)); err != nil {
		t.Fatal(err)
	}
	stored := l.stored(t)
	if len(secrets.Items) != 1 || len(stored) != 1 {
		t.Fatalf("%d Secrets of %d executions", len(secrets.Items), len(stored))
	}
	secret, e := secrets.Items[0], stored[0]
	if secret.Name != e.Spec.SecretParams.SecretName || string(secret.Data["password"]) != hunter || !ptr.Deref(secret.Immutable, false) {
		t.Errorf("stored %+v", secret)
	}
	if !metav1.IsControlledBy(&secret, &e) || ptr.Deref(secret.OwnerReferences[0].BlockOwnerDeletion, false) {
		t.Errorf("its owner is %+v", secret.OwnerReferences)
	}
	// A repetition creates the missing Secret of a run that waits for it.
	if err := adminClient.Delete(t.Context(), &secret); err != nil {
		t.Fatal(err)
	}
	submitted(t, l, loginPath, "k", `{"params":{"password":"hunter2hunter2"}}`)
	if err := adminClient.Get(t.Context(), client.ObjectKeyFromObject(&secret), &secret); err != nil {
		t.Error(err)
	}
	wantProblem(t, call(t, l, "POST", loginPath, `{"params":{"password":"hunter3hunter3"}}`, submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "another body")
}
