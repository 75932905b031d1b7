// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runindex"
)

// ownWriteWait bounds how long a list waits until the index shows this process's own writes. That takes milliseconds.
// If an execution was deleted while the watch was interrupted, its write never shows.
const ownWriteWait = 2 * time.Second

// follow feeds the index with the events of the watch cache.
func (s *Stores) follow(ctx context.Context) error {
	informer, err := s.cache.GetInformer(ctx, &v1alpha1.TaskExecution{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watching executions (are the kinds of config/crd installed?): %w", err)
	}
	s.indexed, err = informer.AddEventHandler(toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(o any, initial bool) {
			if e, ok := o.(*v1alpha1.TaskExecution); ok {
				s.index.Put(e, initial)
			}
		},
		UpdateFunc: func(_, o any) {
			if e, ok := o.(*v1alpha1.TaskExecution); ok {
				s.index.Put(e, false)
			}
		},
		DeleteFunc: func(o any) {
			last, unseen := o.(toolscache.DeletedFinalStateUnknown)
			if unseen {
				o = last.Obj
			}
			if e, ok := o.(*v1alpha1.TaskExecution); ok {
				s.tails.forget(e.UID)
				s.index.Remove(e, !unseen)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("following executions: %w", err)
	}
	return nil
}

// wrote records the version of a write. Reads from the index wait for it.
func (s *Store) wrote(e *v1alpha1.TaskExecution) {
	version := runindex.Version(e)
	if version == 0 {
		return
	}
	s.written.Lock()
	defer s.written.Unlock()
	s.written.of[s.namespace] = max(s.written.of[s.namespace], version)
}

// History waits until the index shows this process's own writes.
func (s *Store) History(ctx context.Context) (runindex.Namespace, error) {
	in := s.index.In(s.namespace)
	select {
	case <-s.indexed.HasSyncedChecker().Done():
	case <-ctx.Done():
		return in, fmt.Errorf("%w: %w", &cache.ErrCacheNotStarted{}, ctx.Err())
	}
	s.written.Lock()
	version, waits := s.written.of[s.namespace]
	s.written.Unlock()
	if !waits {
		return in, nil
	}
	wait, cancel := context.WithTimeout(ctx, ownWriteWait)
	defer cancel()
	in.Await(wait, version)
	s.written.Lock()
	defer s.written.Unlock()
	if s.written.of[s.namespace] == version {
		delete(s.written.of, s.namespace) // it was seen, or never will be
	}
	return in, ctx.Err()
}

// Open does not wait for this process's own writes, because it is called before each new run.
func (s *Store) Open(task string) (of, all runindex.Open) {
	return s.index.In(s.namespace).Open(task)
}

// DeleteExecution reads the current state from the API server and deletes exactly that state.
func (s *Store) DeleteExecution(ctx context.Context, id string) (found *v1alpha1.TaskExecution, deleted bool, err error) {
	found, deleted, err = s.onceEnded(ctx, id, func(e *v1alpha1.TaskExecution) error {
		return s.client.Delete(ctx, e, client.PropagationPolicy(metav1.DeletePropagationBackground),
			client.Preconditions{UID: &e.UID, ResourceVersion: &e.ResourceVersion})
	})
	if err != nil {
		return nil, false, fmt.Errorf("deleting execution %s: %w", id, err)
	}
	if deleted {
		s.awaitGone(ctx, found)
	}
	return found, deleted, nil
}

// onceEnded reads the current state of an execution from the API server, and writes if it has ended in that state. write must fail with
// a conflict if the state has changed; then both are tried again. found is the state that was read last, nil if there is none.
func (s *Store) onceEnded(ctx context.Context, id string, write func(*v1alpha1.TaskExecution) error) (found *v1alpha1.TaskExecution, written bool, err error) {
	if !canExist(id) {
		return nil, false, nil
	}
	err = retry.OnError(cancelRetry, apierrors.IsConflict, func() error {
		found = &v1alpha1.TaskExecution{}
		if err := s.live.Get(ctx, s.key(id), found); err != nil {
			return err
		}
		if written = found.Status.Phase.IsTerminal(); !written {
			return nil
		}
		return write(found)
	})
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	return found, written, err
}

// awaitGone waits until the index no longer has an execution, so that it is not in the next list.
func (s *Store) awaitGone(ctx context.Context, e *v1alpha1.TaskExecution) {
	ctx, cancel := context.WithTimeout(ctx, ownWriteWait)
	defer cancel()
	in := s.index.In(s.namespace)
	w := in.Watch("", e.Name)
	defer w.Stop()
	for {
		if now := in.Get(e.Name); now == nil || now.UID != e.UID {
			return
		}
		select {
		case <-w.C:
		case <-ctx.Done():
			return
		}
	}
}
