// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubeconfig finds the cluster that a program uses.
package kubeconfig

import (
	"fmt"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/taskexec/taskexec/cmd/internal/version"
)

// Load returns the client configuration of the cluster in --kubeconfig, in KUBECONFIG, or of the program's own pod.
func Load(program string) (*rest.Config, error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding a cluster (set KUBECONFIG or --kubeconfig): %w", err)
	}
	// The API server itself limits clients fairly (API Priority and Fairness). A second limit here would only delay
	// requests.
	config.QPS = -1
	// Compressing watches costs CPU on both sides, and the network is fast.
	config.DisableCompression = true
	config.UserAgent = version.UserAgent(program)
	return config, nil
}
