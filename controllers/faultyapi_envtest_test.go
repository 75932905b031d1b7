// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/controllers"
)

// fault is what happens to one call of the operator to the API server.
type fault struct {
	// call is the call's name, as in calls. Empty means no call.
	call string
	// applied means that the call takes effect, and only its answer is lost.
	applied bool
	// dies means that the call kills the operator, which never learns the answer.
	dies bool
}

func (f fault) String() string {
	what, when := "fails", "before"
	if f.dies {
		what = "kills"
	}
	if f.applied {
		when = "after"
	}
	return fmt.Sprintf("%s, %s %s it took effect", f.call, what, when)
}

// answer returns the error that the operator gets. If the call took no effect, it is an InternalError, the hardest
// case: it may also mean that the request can never succeed.
func (f fault) answer() error {
	if f.applied {
		return fmt.Errorf("reading the answer: %w", io.ErrUnexpectedEOF)
	}
	return apierrors.NewInternalError(errors.New("injected"))
}

// calls records the calls of an operator to the API server, over all its lives. Each has the number of its kind:
// "create Job 1". Reads from the caches are not calls.
type calls struct {
	fault fault

	mu     sync.Mutex
	counts map[string]int
	made   []string
	struck bool
}

// next records a call and reports whether the fault strikes it.
func (c *calls) next(kind string) (struck bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[kind]++
	name := fmt.Sprintf("%s %d", kind, c.counts[kind])
	c.made = append(c.made, name)
	struck = name == c.fault.call
	c.struck = c.struck || struck
	return struck
}

// told returns the calls so far, and whether the fault struck.
func (c *calls) told() (made []string, struck bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.made), c.struck
}

// life is one process of the operator.
type life struct {
	calls *calls
	once  sync.Once
	died  chan struct{}
}

var errDead = errors.New("the operator is dead")

func (l *life) do(verb string, object runtime.Object, call func() error) error {
	select {
	case <-l.died:
		return errDead
	default:
	}
	kind := "?"
	if gvk, err := apiutil.GVKForObject(object, scheme); err == nil {
		kind = gvk.Kind
	}
	if !l.calls.next(verb + " " + kind) {
		return call()
	}
	f := l.calls.fault
	if f.applied {
		_ = call() // the operator is dead: nobody reads the answer
	}
	if f.dies {
		l.once.Do(func() { close(l.died) })
		return errDead
	}
	return f.answer()
}

// wrap makes the controllers call the API server through this life.
func (l *life) wrap(mgr ctrl.Manager) ctrl.Manager {
	return faultyManager{Manager: mgr, api: l.client(mgr.GetClient()), live: liveReader{l, mgr.GetAPIReader()}}
}

type faultyManager struct {
	ctrl.Manager
	api  client.Client
	live client.Reader
}

func (m faultyManager) GetClient() client.Client    { return m.api }
func (m faultyManager) GetAPIReader() client.Reader { return m.live }

func (l *life) client(api client.Client) client.Client {
	return interceptor.NewClient(watchless{api}, interceptor.Funcs{
		Create: func(ctx context.Context, api client.WithWatch, o client.Object, options ...client.CreateOption) error {
			verb := "create"
			if len((&client.CreateOptions{}).ApplyOptions(options).DryRun) > 0 {
				verb = "try to create"
			}
			return l.do(verb, o, func() error { return api.Create(ctx, o, options...) })
		},
		Update: func(ctx context.Context, api client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			return l.do("update", o, func() error { return api.Update(ctx, o, options...) })
		},
		Patch: func(ctx context.Context, api client.WithWatch, o client.Object, patch client.Patch, options ...client.PatchOption) error {
			return l.do("patch", o, func() error { return api.Patch(ctx, o, patch, options...) })
		},
		Delete: func(ctx context.Context, api client.WithWatch, o client.Object, options ...client.DeleteOption) error {
			return l.do("delete", o, func() error { return api.Delete(ctx, o, options...) })
		},
		DeleteAllOf: func(ctx context.Context, api client.WithWatch, o client.Object, options ...client.DeleteAllOfOption) error {
			return l.do("delete all", o, func() error { return api.DeleteAllOf(ctx, o, options...) })
		},
		SubResourceCreate: func(ctx context.Context, api client.Client, sub string, o, subresource client.Object, options ...client.SubResourceCreateOption) error {
			return l.do("create "+sub, o, func() error { return api.SubResource(sub).Create(ctx, o, subresource, options...) })
		},
		SubResourceUpdate: func(ctx context.Context, api client.Client, sub string, o client.Object, options ...client.SubResourceUpdateOption) error {
			return l.do("update "+sub, o, func() error { return api.SubResource(sub).Update(ctx, o, options...) })
		},
		SubResourcePatch: func(ctx context.Context, api client.Client, sub string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			return l.do("patch "+sub, o, func() error { return api.SubResource(sub).Patch(ctx, o, patch, options...) })
		},
	})
}

// watchless is a client without watches. The controllers watch through their caches.
type watchless struct{ client.Client }

func (watchless) Watch(context.Context, client.ObjectList, ...client.ListOption) (watch.Interface, error) {
	return nil, errors.New("the controllers watch through their caches only")
}

// liveReader reads from the API server.
type liveReader struct {
	*life
	client.Reader
}

func (r liveReader) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	return r.do("get", o, func() error { return r.Reader.Get(ctx, key, o, options...) })
}

func (r liveReader) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return r.do("list", list, func() error { return r.Reader.List(ctx, list, options...) })
}

// mortalOperator runs the operator in a namespace until the test ends, and starts it again when it dies.
func mortalOperator(t *testing.T, namespace string, c *calls, changes ...func(*controllers.Options)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	t.Cleanup(func() {
		stop()
		<-over
	})
	go func() {
		defer close(over)
		for ctx.Err() == nil {
			l := &life{calls: c, died: make(chan struct{})}
			ended, err := operation{config: apiServer, namespace: namespace, wrap: l.wrap, changes: changes}.start()
			if err != nil {
				t.Errorf("starting the operator: %v", err)
				return
			}
			select {
			case <-l.died:
			case <-ctx.Done():
			}
			if err := ended(); err != nil {
				t.Errorf("the operator ended: %v", err)
			}
		}
	}()
}
