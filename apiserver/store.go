// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/tasks"
)

// Stores has one Store for each namespace.
type Stores interface {
	// In returns the Store of a namespace, which need not exist.
	In(namespace string) Store
}

// inKubernetes is the Stores over a Kubernetes API server.
type inKubernetes struct{ *kube.Stores }

// In returns the Store of a namespace.
func (k inKubernetes) In(namespace string) Store { return k.Stores.In(namespace) }

// Store is the access to Kubernetes in one namespace. The objects that it returns are shared and must not be changed.
// Reads see this process's own writes.
type Store interface {
	access.Store
	tasks.Store
	submit.Store
	runs.Store
	logs.Store
	schedules.Store
	explain.Store
}
