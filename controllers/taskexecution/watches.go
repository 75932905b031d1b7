// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"context"
	"fmt"
	"reflect"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/fairqueue"
)

// These fields index the caches.
const (
	// indexPodExecution finds the pods of an execution by its UID.
	indexPodExecution = "taskexec.dev/execution-uid"
	// indexWaitingTask finds the executions without a Job that wait for a Task or for a place, by the name of the Task.
	indexWaitingTask = "taskexec.dev/waiting-task"
)

// SetupWithManager registers the watches. wake lets others enqueue executions for reasons that no watch shows, such as
// a change of their log.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, concurrency int, wake *Wake) error {
	if err := r.index(mgr); err != nil {
		return err
	}
	r.wake = wake
	return ctrl.NewControllerManagedBy(mgr).
		Named("taskexecution").
		Watches(&v1alpha1.TaskExecution{}, &ledgerHandler{ledger: r.Queue, writes: &r.writes, past: r.Past}).
		Watches(&batchv1.Job{}, handler.EnqueueRequestsFromMapFunc(executionOfJob), builder.WithPredicates(whatIsRead)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(executionOfPod), builder.WithPredicates(whatIsRead)).
		Watches(&v1alpha1.Task{}, handler.EnqueueRequestsFromMapFunc(r.executionsWaitingFor),
			builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(source.Func(wake.connect)).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, NewQueue: fairqueue.New}).
		Complete(r)
}

func (r *Reconciler) index(mgr ctrl.Manager) error {
	ctx, indexer := context.Background(), mgr.GetFieldIndexer()
	if err := indexer.IndexField(ctx, &corev1.Pod{}, indexPodExecution, func(o client.Object) []string {
		return []string{o.GetLabels()[v1alpha1.LabelExecutionUID]}
	}); err != nil {
		return fmt.Errorf("indexing pods: %w", err)
	}
	if err := indexer.IndexField(ctx, &v1alpha1.TaskExecution{}, indexWaitingTask, waitingTask); err != nil {
		return fmt.Errorf("indexing executions: %w", err)
	}
	return nil
}

func waitingTask(o client.Object) []string {
	execution, ok := o.(*v1alpha1.TaskExecution)
	if !ok || execution.Status.Job != nil || execution.Status.Phase.IsTerminal() {
		return nil
	}
	return []string{execution.Spec.TaskRef.Name}
}

// whatIsRead passes changes of the fields that the caches keep of a Job or a pod. Most writes change other fields. The
// creation of a Job passes no event, because the reconcile that created it continued with it.
var whatIsRead = predicate.Funcs{CreateFunc: func(e event.CreateEvent) bool {
	_, job := e.Object.(*batchv1.Job)
	return !job || e.IsInInitialList
}, UpdateFunc: func(e event.UpdateEvent) bool {
	if e.ObjectOld.GetResourceVersion() == e.ObjectNew.GetResourceVersion() {
		return true // nothing changed: a resync
	}
	switch after := e.ObjectNew.(type) {
	case *batchv1.Job:
		job := *after
		return differs(e.ObjectOld, &job)
	case *corev1.Pod:
		pod := *after
		if pod.Status.Phase == corev1.PodSucceeded {
			pod.Finalizers = e.ObjectOld.GetFinalizers() // the Job removes its finalizer, and changes its own status next
		}
		return differs(e.ObjectOld, &pod)
	default:
		return true
	}
}}

// differs reports whether two versions of an object differ in more than the resourceVersion. after is a shallow copy,
// whose resourceVersion is overwritten.
func differs(before, after client.Object) bool {
	after.SetResourceVersion(before.GetResourceVersion())
	return !reflect.DeepEqual(before, after)
}

// executionOfJob returns the execution that owns a Job. controller-runtime's handler for owners does the same, but
// looks up for each event whether the owner's kind is namespaced.
func executionOfJob(_ context.Context, job client.Object) []reconcile.Request {
	owner := metav1.GetControllerOf(job)
	if owner == nil || owner.Kind != "TaskExecution" {
		return nil
	}
	if group, err := schema.ParseGroupVersion(owner.APIVersion); err != nil || group.Group != v1alpha1.GroupVersion.Group {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: job.GetNamespace(), Name: owner.Name}}}
}

// executionOfPod returns the execution of a pod by the pod's annotation: its owner is the Job.
func executionOfPod(_ context.Context, pod client.Object) []reconcile.Request {
	name := pod.GetAnnotations()[v1alpha1.AnnotationExecution]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: name}}}
}

func (r *Reconciler) executionsWaitingFor(ctx context.Context, task client.Object) []reconcile.Request {
	waiting := &v1alpha1.TaskExecutionList{}
	if err := r.Client.List(ctx, waiting, client.InNamespace(task.GetNamespace()),
		client.MatchingFields{indexWaitingTask: task.GetName()}); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "listing the executions that wait for a task", "task", client.ObjectKeyFromObject(task))
		return nil
	}
	requests := make([]reconcile.Request, len(waiting.Items))
	for i := range waiting.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&waiting.Items[i])
	}
	return requests
}

// Wake enqueues executions from outside the controller's watches.
type Wake struct {
	queue chan workqueue.TypedRateLimitingInterface[reconcile.Request]
}

// NewWake returns a Wake that SetupWithManager connects.
func NewWake() *Wake {
	return &Wake{queue: make(chan workqueue.TypedRateLimitingInterface[reconcile.Request], 1)}
}

// connect is a source.Func: the controller passes its queue when it starts.
func (w *Wake) connect(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	w.queue <- queue
	return nil
}

// Execution enqueues an execution. It waits until the controller has started.
func (w *Wake) Execution(key types.NamespacedName) {
	queue := <-w.queue
	w.queue <- queue
	queue.Add(reconcile.Request{NamespacedName: key})
}
