// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	kubetesting "k8s.io/client-go/testing"
)

func aCluster() (client *fake.Clientset, tries *int) {
	client, tries = fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: "system-uid"}}), new(int)
	client.PrependReactor("get", "namespaces", func(kubetesting.Action) (bool, runtime.Object, error) {
		*tries++
		return *tries < 4, nil, errors.New("away")
	})
	return client, tries
}

// The identity is read until that succeeds. Meanwhile it is empty.
func TestClusterIsReadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, tries := aCluster()
		c := NewCluster("")
		if c.ID() != "" {
			t.Errorf("before it was read: %q", c.ID())
		}
		c.KeepTrying(t.Context(), client, logr.Discard())
		if c.ID() != "system-uid" || *tries != 4 {
			t.Errorf("after %d tries: %q", *tries, c.ID())
		}
	})
}

// An identity that the operator has chosen is not read. Without a Cluster there is none.
func TestClusterThatIsGiven(t *testing.T) {
	client, tries := aCluster()
	c := NewCluster("blue")
	c.KeepTrying(t.Context(), client, logr.Discard())
	if c.ID() != "blue" || *tries != 0 {
		t.Errorf("after %d tries: %q", *tries, c.ID())
	}
	if id := (*Cluster)(nil).ID(); id != "" {
		t.Errorf("without a cluster: %q", id)
	}
}
