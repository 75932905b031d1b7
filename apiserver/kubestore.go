package apiserver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// indexTask finds executions by the name of their task.
const indexTask = "spec.taskRef.name"

// kubeStore is the Store over a Kubernetes API server.
type kubeStore struct {
	namespace string
	cache     cache.Cache
	// client reads from the cache and waits in it for this process's own writes.
	client client.Client
	// live reads from the API server.
	live client.Reader
}

func newKubeStore(ctx context.Context, config *rest.Config, namespace string) (*kubeStore, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering kinds: %w", err)
	}
	watched, err := cache.New(config, cache.Options{
		Scheme:            scheme,
		DefaultNamespaces: map[string]cache.Config{namespace: {}},
		DefaultTransform:  cache.TransformStripManagedFields(),
		// What is read is converted and not kept, so that it need not be copied.
		DefaultUnsafeDisableDeepCopy: ptr.To(true),
	})
	if err != nil {
		return nil, fmt.Errorf("making the watch cache: %w", err)
	}
	if err := watched.IndexField(ctx, &v1alpha1.TaskExecution{}, indexTask, func(o client.Object) []string {
		execution, ok := o.(*v1alpha1.TaskExecution)
		if !ok {
			return nil
		}
		return []string{execution.Spec.TaskRef.Name}
	}); err != nil {
		return nil, fmt.Errorf("watching executions (are the kinds of config/crd installed?): %w", err)
	}
	if _, err := watched.GetInformer(ctx, &v1alpha1.Task{}, cache.BlockUntilSynced(false)); err != nil {
		return nil, fmt.Errorf("watching tasks (are the kinds of config/crd installed?): %w", err)
	}
	cached, err := client.New(config, client.Options{Scheme: scheme, Cache: &client.CacheOptions{
		Reader:                          watched,
		EnableReadYourWritesConsistency: ptr.To(true),
	}})
	if err != nil {
		return nil, fmt.Errorf("making the client: %w", err)
	}
	live, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making the live client: %w", err)
	}
	return &kubeStore{namespace: namespace, cache: watched, client: cached, live: live}, nil
}

func (s *kubeStore) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: s.namespace, Name: name}
}

// canExist tells whether anything in Kubernetes can have that name, so that a made-up one costs nothing.
func canExist(name string) bool { return len(validation.IsDNS1123Subdomain(name)) == 0 }

func (s *kubeStore) Task(ctx context.Context, name string) (*v1alpha1.Task, error) {
	task := &v1alpha1.Task{}
	found, err := s.get(ctx, name, task)
	if !found || err != nil {
		return nil, err
	}
	return task, nil
}

func (s *kubeStore) Execution(ctx context.Context, id string) (*v1alpha1.TaskExecution, error) {
	execution := &v1alpha1.TaskExecution{}
	found, err := s.get(ctx, id, execution)
	if !found || err != nil {
		return nil, err
	}
	return execution, nil
}

// get reads from the cache, and what is not there from the API server: another replica may just have made it.
func (s *kubeStore) get(ctx context.Context, name string, object client.Object) (found bool, err error) {
	if !canExist(name) {
		return false, nil
	}
	err = s.client.Get(ctx, s.key(name), object)
	if apierrors.IsNotFound(err) {
		err = s.live.Get(ctx, s.key(name), object)
	}
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %T %s: %w", object, s.key(name), err)
	}
	return true, nil
}

func (s *kubeStore) Tasks(ctx context.Context) ([]v1alpha1.Task, error) {
	list := &v1alpha1.TaskList{}
	if err := s.client.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
		return nil, fmt.Errorf("listing tasks: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Task) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

func (s *kubeStore) Executions(ctx context.Context, taskName string) ([]v1alpha1.TaskExecution, error) {
	list := &v1alpha1.TaskExecutionList{}
	options := []client.ListOption{client.InNamespace(s.namespace)}
	if taskName != "" {
		options = append(options, client.MatchingFields{indexTask: taskName})
	}
	if err := s.client.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("listing executions: %w", err)
	}
	slices.SortFunc(list.Items, newestFirst)
	return list.Items, nil
}

// newestFirst by creation, which has whole seconds, and within one by start, where what has not started is the
// newer, and by name, so that the order is one.
func newestFirst(a, b v1alpha1.TaskExecution) int {
	if c := b.CreationTimestamp.Compare(a.CreationTimestamp.Time); c != 0 {
		return c
	}
	switch x, y := a.Status.StartTime, b.Status.StartTime; {
	case x == nil && y != nil:
		return -1
	case x != nil && y == nil:
		return 1
	case x != nil && !x.Time.Equal(y.Time):
		return y.Compare(x.Time)
	}
	return strings.Compare(a.Name, b.Name)
}

func (s *kubeStore) Create(ctx context.Context, execution *v1alpha1.TaskExecution) error {
	execution.Namespace = s.namespace
	if err := s.client.Create(ctx, execution); err != nil {
		return fmt.Errorf("creating execution %s: %w", execution.Name, err)
	}
	return nil
}

// Cancel sets spec.cancel on a state that has not ended: the patch carries the resourceVersion of what was
// judged. So either the cancel comes before the end is recorded, and the controller will record Cancelled, or
// it is told to be too late; never both.
func (s *kubeStore) Cancel(ctx context.Context, id string, request v1alpha1.CancelRequest) (outcome CancelOutcome, err error) {
	execution, err := s.Execution(ctx, id)
	if err != nil || execution == nil {
		return CancelNotFound, err
	}
	err = retry.OnError(retry.DefaultBackoff, apierrors.IsConflict, func() error {
		switch {
		case execution.Status.Phase.IsTerminal():
			outcome = CancelTooLate
			return nil
		case execution.Spec.Cancel != nil:
			outcome = CancelRepeated
			return nil
		}
		outcome = CancelAccepted
		changed := execution.DeepCopy()
		changed.Spec.Cancel = &request
		patch := client.MergeFromWithOptions(execution, client.MergeFromWithOptimisticLock{})
		patchErr := s.client.Patch(ctx, changed, patch)
		if apierrors.IsConflict(patchErr) {
			current := &v1alpha1.TaskExecution{}
			if err := s.live.Get(ctx, s.key(id), current); err != nil {
				return err
			}
			execution = current
		}
		return patchErr
	})
	if apierrors.IsNotFound(err) {
		return CancelNotFound, nil
	}
	if err != nil {
		return CancelNotFound, fmt.Errorf("cancelling execution %s: %w", id, err)
	}
	return outcome, nil
}

// Run keeps the watch cache until ctx ends.
func (s *kubeStore) Run(ctx context.Context) error { return s.cache.Start(ctx) }

// Synced waits until the cache shows the cluster.
func (s *kubeStore) Synced(ctx context.Context) bool { return s.cache.WaitForCacheSync(ctx) }
