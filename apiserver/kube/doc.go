// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kube implements the stores of the REST API with a Kubernetes API server. Reads come from a watch cache and
// see this process's own writes. An object that the cache lacks is read live, within a rate limit, because another
// replica may have just created it.
package kube
