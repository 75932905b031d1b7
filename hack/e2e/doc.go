// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests Taskexec as its users see it: over HTTP and with kubectl, on a real cluster with real containers. The
// operator is deployed from config/.
//
// `make test-e2e` provides all that the tests need: KUBECONFIG, E2E_URL, E2E_TOKEN, kubectl on the PATH, and an image
// busybox:1.37. Tests that need the node of the local cluster use E2E_LOCALCLUSTER. On other clusters they are skipped.
//
// Tests that do not disturb others call t.Parallel. They run side by side after the other tests. A test that kills or
// restarts what others need must not call it.
package e2e
