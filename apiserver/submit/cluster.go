// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

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
	// clusterPatience bounds one read of the namespace. clusterPause is the time between two reads.
	clusterPatience = 5 * time.Second
	clusterPause    = 30 * time.Second
)

// Cluster is the identity of the cluster, which new executions carry: the UID of the namespace kube-system, or a name
// that the operator has chosen. The controller knows the same. No request waits for it: until it is known, executions do
// not name their cluster. A nil Cluster is not known.
type Cluster struct {
	id atomic.Pointer[string]
}

// NewCluster returns a Cluster with an identity. If id is empty, it is not known until KeepTrying has read it.
func NewCluster(id string) *Cluster {
	c := &Cluster{}
	if id != "" {
		c.id.Store(&id)
	}
	return c
}

// ID returns the identity, or empty while it is not known.
func (c *Cluster) ID() string {
	if c == nil {
		return ""
	}
	if id := c.id.Load(); id != nil {
		return *id
	}
	return ""
}

// KeepTrying reads the identity until it succeeds or ctx ends. It returns at once if the identity is known. It logs why
// the first attempt failed.
func (c *Cluster) KeepTrying(ctx context.Context, client kubernetes.Interface, log logr.Logger) {
	for tried := false; c.ID() == ""; tried = true {
		err := c.read(ctx, client)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !tried {
			log.Error(err, "Until the identity of this cluster is known, archived runs are not served, and copies of runs in another cluster are not recognized by their cluster (set --cluster-id, or see config/rbac)")
		}
		select {
		case <-time.After(clusterPause):
		case <-ctx.Done():
			return
		}
	}
}

func (c *Cluster) read(ctx context.Context, client kubernetes.Interface) error {
	ctx, cancel := context.WithTimeout(ctx, clusterPatience)
	defer cancel()
	namespace, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the UID of the namespace %s: %w", metav1.NamespaceSystem, err)
	}
	id := string(namespace.UID)
	c.id.Store(&id)
	return nil
}
