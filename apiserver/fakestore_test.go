// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/runindex"
)

// one is the Store of every namespace.
type one struct{ Store }

func (o one) In(string) Store { return o.Store }

// fakeStore is a Store in memory.
type fakeStore struct {
	pods       []corev1.Pod
	mu         sync.Mutex
	tasks      map[string]*v1alpha1.Task
	executions map[string]*v1alpha1.TaskExecution
	secrets    map[string]map[string][]byte
	schedules  map[string]*v1alpha1.TaskSchedule
	jobs       map[string]*batchv1.Job
	events     []corev1.Event
	// fail, if set, returns the error of an operation on a name.
	fail func(operation, name string) error
	now  time.Time
}

func newFakeStore(tasks ...*v1alpha1.Task) *fakeStore {
	f := &fakeStore{
		tasks:      map[string]*v1alpha1.Task{},
		executions: map[string]*v1alpha1.TaskExecution{},
		secrets:    map[string]map[string][]byte{},
		schedules:  map[string]*v1alpha1.TaskSchedule{},
		now:        time.Date(2025, 11, 25, 11, 5, 0, 0, time.UTC),
	}
	for _, task := range tasks {
		f.tasks[task.Name] = task
	}
	return f
}

func (f *fakeStore) add(executions ...*v1alpha1.TaskExecution) *fakeStore {
	for _, e := range executions {
		f.executions[e.Name] = e
	}
	return f
}

func (f *fakeStore) failure(operation, name string) error {
	if f.fail == nil {
		return nil
	}
	return f.fail(operation, name)
}

func (f *fakeStore) Task(_ context.Context, name string) (*v1alpha1.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tasks[name], f.failure("task", name)
}

func (f *fakeStore) Tasks(context.Context) ([]v1alpha1.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []v1alpha1.Task
	for _, name := range slices.Sorted(maps.Keys(f.tasks)) {
		out = append(out, *f.tasks[name])
	}
	return out, f.failure("tasks", "")
}

func (f *fakeStore) Execution(_ context.Context, id string) (*v1alpha1.TaskExecution, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return cached(f.executions[id]), f.failure("execution", id)
}

// cached returns an execution as the watch cache has it: without its tail.
func cached(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	if e = e.DeepCopy(); e != nil {
		kube.LeaveOutTail(e)
	}
	return e
}

func (f *fakeStore) Whole(_ context.Context, e *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.TailBytes == 0 {
		return e, nil
	}
	whole := f.executions[e.Name]
	if whole == nil || whole.UID != e.UID {
		return nil, f.failure("tail", e.Name)
	}
	return whole.DeepCopy(), f.failure("tail", e.Name)
}

func (f *fakeStore) Seen(ctx context.Context, id string) (*v1alpha1.TaskExecution, error) {
	return f.Execution(ctx, id)
}

func (f *fakeStore) Executions(_ context.Context, taskName string) ([]*v1alpha1.TaskExecution, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*v1alpha1.TaskExecution
	for _, e := range f.executions {
		if taskName == "" || e.Spec.TaskRef.Name == taskName {
			out = append(out, cached(e))
		}
	}
	slices.SortFunc(out, kube.NewestFirst)
	return out, f.failure("executions", taskName)
}

func (f *fakeStore) Pods(_ context.Context, e *v1alpha1.TaskExecution) ([]corev1.Pod, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pods, f.failure("pods", e.Name)
}

func (f *fakeStore) Create(_ context.Context, e *v1alpha1.TaskExecution) (*v1alpha1.TaskExecution, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure("create", e.Spec.TaskRef.Name); err != nil {
		return nil, err
	}
	if existing := f.executions[e.Name]; existing != nil {
		return existing.DeepCopy(), nil
	}
	e.CreationTimestamp = metav1.NewTime(f.now)
	f.executions[e.Name] = e.DeepCopy()
	return nil, nil
}

func (f *fakeStore) CreateSecret(_ context.Context, e *v1alpha1.TaskExecution, values map[string][]byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure("secret", e.Spec.TaskRef.Name); err != nil {
		return err
	}
	if name := e.Spec.SecretParams.SecretName; f.secrets[name] == nil {
		f.secrets[name] = values
	}
	return nil
}

func (f *fakeStore) Cancel(_ context.Context, id string, request v1alpha1.CancelRequest) (kube.CancelOutcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure("cancel", id); err != nil {
		return kube.CancelNotFound, err
	}
	e := f.executions[id]
	switch {
	case e == nil:
		return kube.CancelNotFound, nil
	case e.Status.Phase.IsTerminal():
		return kube.CancelTooLate, nil
	case e.Spec.Cancel != nil:
		return kube.CancelRepeated, nil
	}
	e.Spec.Cancel = &request
	return kube.CancelAccepted, nil
}

func (f *fakeStore) Open(task string) (of, all runindex.Open) {
	in, err := f.History(context.Background())
	if err != nil {
		return of, all
	}
	return in.Open(task)
}

func (f *fakeStore) History(context.Context) (runindex.Namespace, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	index := runindex.NewIndex()
	for _, e := range f.executions {
		e = cached(e)
		e.Namespace = "default"
		index.Put(e, true)
	}
	return index.In("default"), f.failure("history", "")
}

func (f *fakeStore) ForgetExecution(_ context.Context, id string) (*v1alpha1.TaskExecution, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.executions[id]
	if e == nil || f.failure("forget", id) != nil {
		return nil, false, f.failure("forget", id)
	}
	if e.Status.Phase.IsTerminal() {
		metav1.SetMetaDataAnnotation(&e.ObjectMeta, v1alpha1.AnnotationForget, "true")
	}
	return e, e.Status.Phase.IsTerminal(), nil
}

func (f *fakeStore) DeleteExecution(_ context.Context, id string) (*v1alpha1.TaskExecution, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.executions[id]
	if e == nil || f.failure("delete", id) != nil {
		return nil, false, f.failure("delete", id)
	}
	if e.Status.Phase.IsTerminal() {
		delete(f.executions, id)
	}
	return e, e.Status.Phase.IsTerminal(), nil
}
