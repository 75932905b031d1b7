// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runindex"
)

// Stores are the Stores over a Kubernetes API server. They share one watch cache.
type Stores struct {
	cache cache.Cache
	// client reads from the cache, and waits until the cache shows this process's own writes.
	client client.Client
	// live reads from the API server, and writes kinds that the cache does not have.
	live client.Client
	// misses limits these reads.
	misses *liveReads
	// index orders the cached executions. It is complete once indexed is closed.
	index   *runindex.Index
	indexed toolscache.ResourceEventHandlerRegistration
	// tails has what the cache leaves out.
	tails   *tails
	written struct {
		sync.Mutex
		// of has, for each namespace, the version of this process's last write. The index may not show it yet.
		of map[string]uint64
	}
}

// Store is the Store of one namespace.
type Store struct {
	*Stores
	namespace string
}

// In returns the Store of a namespace.
func (s *Stores) In(namespace string) *Store { return &Store{s, namespace} }

// New watches the given namespaces. An empty name means all.
func New(ctx context.Context, config *rest.Config, namespaces ...string) (*Stores, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme, batchv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering kinds: %w", err)
		}
	}
	in := map[string]cache.Config{}
	for _, namespace := range namespaces {
		in[namespace] = cache.Config{}
	}
	kept := newTails()
	watched, err := cache.New(config, cache.Options{
		Scheme:            scheme,
		DefaultNamespaces: in,
		DefaultTransform:  kept.transform,
		// Objects are converted and not kept, so that they need not be copied.
		DefaultUnsafeDisableDeepCopy: ptr.To(true),
	})
	if err != nil {
		return nil, fmt.Errorf("creating the watch cache: %w", err)
	}
	for _, watchedKind := range []client.Object{&v1alpha1.Task{}, &v1alpha1.TaskSchedule{}} {
		if _, err := watched.GetInformer(ctx, watchedKind, cache.BlockUntilSynced(false)); err != nil {
			return nil, fmt.Errorf("watching %T (are the kinds of config/crd installed?): %w", watchedKind, err)
		}
	}
	cached, err := client.New(config, client.Options{Scheme: scheme, Cache: &client.CacheOptions{
		Reader:                          watched,
		EnableReadYourWritesConsistency: ptr.To(true),
	}})
	if err != nil {
		return nil, fmt.Errorf("creating the client: %w", err)
	}
	live, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("creating the live client: %w", err)
	}
	s := &Stores{cache: watched, client: cached, live: live, misses: newLiveReads(), index: runindex.NewIndex(), tails: kept}
	s.written.of = map[string]uint64{}
	if err := s.follow(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: s.namespace, Name: name}
}

// canExist reports whether a name is valid in Kubernetes, so that an invalid one costs no request.
func canExist(name string) bool { return len(validation.IsDNS1123Subdomain(name)) == 0 }

// Task returns a Task, or nil if there is none of that name.
func (s *Store) Task(ctx context.Context, name string) (*v1alpha1.Task, error) {
	task := &v1alpha1.Task{}
	found, err := s.get(ctx, name, task)
	if !found || err != nil {
		return nil, err
	}
	return task, nil
}

// Execution returns an execution, or nil if there is none of that name. Its tail may be left out: see Whole.
func (s *Store) Execution(ctx context.Context, id string) (*v1alpha1.TaskExecution, error) {
	execution := &v1alpha1.TaskExecution{}
	found, err := s.get(ctx, id, execution)
	if !found || err != nil {
		return nil, err
	}
	return execution, nil
}

// Seen reads from the index.
func (s *Store) Seen(ctx context.Context, id string) (*v1alpha1.TaskExecution, error) {
	select {
	case <-s.indexed.HasSyncedChecker().Done():
		return s.index.In(s.namespace).Get(id), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", &cache.ErrCacheNotStarted{}, ctx.Err())
	}
}

// get reads from the cache. If the object is not there, it reads from the API server, because another replica may just
// have created it.
func (s *Store) get(ctx context.Context, name string, object client.Object) (found bool, err error) {
	if !canExist(name) {
		return false, nil
	}
	err = s.client.Get(ctx, s.key(name), object)
	if apierrors.IsNotFound(err) {
		return s.GetLive(ctx, name, object)
	}
	if err != nil {
		return false, fmt.Errorf("reading %T %s: %w", object, s.key(name), err)
	}
	return true, nil
}

// Tasks returns all Tasks, ordered by name.
func (s *Store) Tasks(ctx context.Context) ([]v1alpha1.Task, error) {
	list := &v1alpha1.TaskList{}
	if err := s.client.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
		return nil, fmt.Errorf("listing tasks: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Task) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// Executions returns the executions of a task, or of all tasks if the name is empty, newest first. Their tails are left out.
func (s *Store) Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error) {
	in, err := s.History(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing executions: %w", err)
	}
	return AllOf(in, taskName), nil
}

// Pods reads from the API server: few requests need pods, and a cache of all pods would cost more. It returns only pods
// whose owner is the execution's Job. A label proves nothing: anybody with the right to create pods could set it.
func (s *Store) Pods(ctx context.Context, execution *v1alpha1.TaskExecution) ([]corev1.Pod, error) {
	if execution.Status.Job == nil {
		return nil, nil
	}
	list := &corev1.PodList{}
	if err := s.live.List(ctx, list, client.InNamespace(s.namespace),
		client.MatchingLabels{v1alpha1.LabelExecutionUID: string(execution.UID)}); err != nil {
		return nil, fmt.Errorf("listing the pods of execution %s: %w", execution.Name, err)
	}
	list.Items = slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
		owner := metav1.GetControllerOf(&p)
		return owner == nil || owner.UID != execution.Status.Job.UID
	})
	return list.Items, nil
}

// Run runs the watch cache until ctx ends.
func (s *Stores) Run(ctx context.Context) error { return s.cache.Start(ctx) }

// Synced waits until the cache shows the cluster.
func (s *Stores) Synced(ctx context.Context) bool {
	if !s.cache.WaitForCacheSync(ctx) {
		return false
	}
	select {
	case <-s.indexed.HasSyncedChecker().Done():
		return true
	case <-ctx.Done():
		return false
	}
}
