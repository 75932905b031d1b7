// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"net/url"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Guard lets callers do what they may do, and no more of it at once than is their share.
type Guard struct {
	// Gate identifies callers and checks their rights. With nil, everyone can do everything.
	Gate Gate
	// Stores read what a right can depend on.
	Stores  func(namespace string) Store
	Metrics *web.Metrics
	// Admission of requests.
	Admission *Admission
	// RecheckInterval is how often the caller of an answer that lasts is asked about again.
	RecheckInterval time.Duration
	// Timeout of one such question.
	Timeout time.Duration
}

// Store reads what a right can depend on: the Task of an execution, and whether a Task exists.
type Store interface {
	web.ExecutionReader
	// Task returns a Task, or nil if there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
}

// Scope is one request of one caller within a namespace.
type Scope struct {
	Namespace string
	// Prefix of the paths in that namespace; empty where the path names none.
	Prefix string
	// Who sent the request.
	Who *Caller
	// narrow: the caller may not do it to any, and what the body names has to be asked for.
	narrow bool
	Guard  *Guard
}

// store of the scope's namespace.
func (in *Scope) store() Store { return in.Guard.Stores(in.Namespace) }

// Path returns the path of something in the scope's namespace, of its escaped elements.
func (in *Scope) Path(elements ...string) string {
	path := in.Prefix
	for _, e := range elements {
		path += "/" + url.PathEscape(e)
	}
	return path
}
