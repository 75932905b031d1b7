// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubeconfig finds the cluster that a program works with.
package kubeconfig

import (
	"fmt"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/taskexec/taskexec/cmd/internal/version"
)

// Load returns how to reach the cluster of --kubeconfig, of KUBECONFIG, or of the pod that the program runs in.
func Load(program string) (*rest.Config, error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding a cluster (set KUBECONFIG or --kubeconfig): %w", err)
	}
	// The API server limits clients fairly by itself (API Priority and Fairness). A second limit here would only make requests wait.
	config.QPS = -1
	// Compressed watches cost CPU on both sides, and the network is near.
	config.DisableCompression = true
	config.UserAgent = version.UserAgent(program)
	return config, nil
}
