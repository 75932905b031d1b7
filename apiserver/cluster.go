// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// openCluster starts to read the identity of the cluster. Nothing waits for it.
func (s *server) openCluster(ctx context.Context, group *errgroup.Group, config *rest.Config, o Options) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("creating the client that reads the identity of the cluster: %w", err)
	}
	group.Go(func() error {
		s.cluster.KeepTrying(ctx, client, o.Log)
		return nil
	})
	return nil
}
