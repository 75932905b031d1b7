// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	// identityPatience bounds one read of the namespace. identityPause is the time between two reads.
	identityPatience = 5 * time.Second
	identityPause    = 30 * time.Second
)

// identity is the identity of the cluster: the UID of the namespace kube-system, or what the operator chose. No request waits for it.
type identity struct{ id atomic.Pointer[string] }

// newIdentity returns an identity. If it is empty, it is not known until keepTrying has read it.
func newIdentity(id string) *identity {
	i := &identity{}
	if id != "" {
		i.id.Store(&id)
	}
	return i
}

// get returns the identity, or empty while it is not known.
func (i *identity) get() string {
	if id := i.id.Load(); id != nil {
		return *id
	}
	return ""
}

// keepTrying reads the identity until it succeeds or ctx ends. It logs why the first attempt failed.
func (i *identity) keepTrying(ctx context.Context, client kubernetes.Interface, log logr.Logger) {
	for tried := false; i.get() == ""; tried = true {
		err := i.read(ctx, client)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !tried {
			log.Error(err, "Archived runs are not served until the identity of this cluster is known (set --cluster-id, or see config/rbac)")
		}
		select {
		case <-time.After(identityPause):
		case <-ctx.Done():
			return
		}
	}
}

func (i *identity) read(ctx context.Context, client kubernetes.Interface) error {
	ctx, cancel := context.WithTimeout(ctx, identityPatience)
	defer cancel()
	namespace, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the UID of the namespace %s: %w", metav1.NamespaceSystem, err)
	}
	id := string(namespace.UID)
	i.id.Store(&id)
	return nil
}
