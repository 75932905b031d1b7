// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"

	kubetesting "k8s.io/client-go/testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

// The secret is created once, kept, shared, and validated.
func TestCase60SecretIsMadeOnce(t *testing.T) {
	secretOf := func() *InstallationSecret {
		return &InstallationSecret{Namespace: "taskexec-system", Name: "taskexec-idempotency"}
	}
	stored := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "taskexec-system", Name: "taskexec-idempotency"}}
	client := fake.NewClientset(stored)
	first, second := secretOf(), secretOf()
	for _, s := range []*InstallationSecret{first, second} {
		if err := s.read(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := *first.Value.Load(), *second.Value.Load(); len(a) != secretBytes || !bytes.Equal(a, b) {
		t.Errorf("two replicas have %x and %x", a, b)
	}
	for name, c := range map[string]struct {
		objects []runtime.Object
		says    string
	}{
		"there is none": {nil, "config/apiserver/idempotency_secret.yaml"},
		"too short":     {[]runtime.Object{&corev1.Secret{ObjectMeta: stored.ObjectMeta, Data: map[string][]byte{secretField: []byte("short")}}}, "5 bytes, want at least 32"},
	} {
		s := secretOf()
		if err := s.read(t.Context(), fake.NewClientset(c.objects...)); err == nil || !bytes.Contains([]byte(err.Error()), []byte(c.says)) || s.Value.Load() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A Secret that cannot be read at first is read later, without a restart.
func TestCase60SecretIsReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "b"}})
		tries, tried := 0, 0
		client.PrependReactor("get", "secrets", func(kubetesting.Action) (bool, runtime.Object, error) {
			tries++
			return tries < 4, nil, errors.New("away")
		})
		s := &InstallationSecret{Namespace: "a", Name: "b"}
		s.KeepTrying(t.Context(), client, logr.Discard(), func() { tried++ })
		if s.Value.Load() == nil || tries != 4 || tried != 1 {
			t.Errorf("after %d tries: %v; %d times it was said that it was tried", tries, s.Value.Load(), tried)
		}
	})
}
