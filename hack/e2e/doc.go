// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests Taskexec as its users meet it: over HTTP and with kubectl, on a real cluster in which the
// operator was deployed from config/. Every container is a real one.
//
// `make test-e2e` sets all that it needs: KUBECONFIG, E2E_URL, E2E_TOKEN, kubectl on the PATH, and an image busybox:1.37. Tests that
// need the node of the local cluster find it by E2E_LOCALCLUSTER, and are skipped on other clusters.
//
// Tests that disturb nobody call t.Parallel: they run side by side after the others. A test that kills or restarts what others need
// must not call it.
package e2e
