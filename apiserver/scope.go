package apiserver

import (
	"context"
	"net/url"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// guard lets callers do what they may do, and no more of it at once than is their share.
type guard struct {
	// gate knows callers and what they may do; nil lets everyone do everything.
	gate gate
	// stores read what a right can depend on.
	stores  func(namespace string) guardStore
	metrics *requestMetrics
	// admission of requests.
	admission *admission
	// recheckInterval is how often the caller of an answer that lasts is asked about again.
	recheckInterval time.Duration
	// timeout of one such question.
	timeout time.Duration
}

// guardStore reads what a right can depend on: the Task of an execution, and whether a Task exists.
type guardStore interface {
	executionReader
	// Task returns a Task, or nil if there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
}

// scope is one request of one caller within a namespace.
type scope struct {
	namespace string
	// prefix of the paths in that namespace; empty where the path names none.
	prefix string
	// who sent the request.
	who *caller
	// narrow: the caller may not do it to any, and what the body names has to be asked for.
	narrow bool
	guard  *guard
}

// store of the scope's namespace.
func (in *scope) store() guardStore { return in.guard.stores(in.namespace) }

// path returns the path of something in the scope's namespace, of its escaped elements.
func (in *scope) path(elements ...string) string {
	path := in.prefix
	for _, e := range elements {
		path += "/" + url.PathEscape(e)
	}
	return path
}
