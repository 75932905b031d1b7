// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kube has the stores of the REST API over a Kubernetes API server. Reads come from a watch cache, and see this
// process's own writes. What the cache lacks is read live, within a rate: another replica may have just made it.
package kube
