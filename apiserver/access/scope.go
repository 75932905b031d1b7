// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"net/url"
	"time"

	"github.com/taskexec/taskexec/apiserver/web"
)

// Guard lets callers do what their rights allow, and limits each caller to its share of concurrent requests.
type Guard struct {
	// Gate identifies callers and checks their rights. With nil, everyone can do everything.
	Gate Gate
	// Sessions reads the cookies of logged-in browsers. With nil, only headers count.
	Sessions Sessions
	// callers authenticates, nil without a Gate.
	callers *authenticator
	// Stores reads the objects on which a right can depend.
	Stores func(namespace string) Store
	// Past finds the task of a run that Kubernetes no longer has.
	Past    Past
	Metrics *web.Metrics
	// Admission limits concurrent requests.
	Admission *Admission
	// RecheckInterval is how often the caller of a lasting answer is checked again.
	RecheckInterval time.Duration
	// Timeout bounds one such check.
	Timeout time.Duration
}

// Store reads the objects on which a right can depend: the Task of an execution, and whether a Task exists.
type Store interface {
	web.ExecutionReader
	web.TaskReader
}

// Past reads archived runs.
type Past interface {
	// TaskOf returns the name of the task of an archived run, empty if there is no such run.
	TaskOf(ctx context.Context, namespace, id string) (string, error)
}

// Scope is one request of one caller within a namespace.
type Scope struct {
	Namespace string
	// Prefix is the prefix of the paths in that namespace. It is empty if the path names no namespace.
	Prefix string
	// Who is the caller.
	Who *Caller
	// narrow says that the caller has no right to all names, so that each name in the body must be checked.
	narrow bool
	Guard  *Guard
}

// store returns the store of the scope's namespace.
func (in *Scope) store() Store { return in.Guard.Stores(in.Namespace) }

// Path returns a path in the scope's namespace. It escapes the elements.
func (in *Scope) Path(elements ...string) string {
	path := in.Prefix
	for _, e := range elements {
		path += "/" + url.PathEscape(e)
	}
	return path
}
