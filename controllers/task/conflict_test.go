// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package task

import (
	"context"
	"errors"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// answers returns an API server in memory that has a Task. It answers the first status writes with these errors.
func answers(t *testing.T, task *v1alpha1.Task, errs ...error) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, batchv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(task).WithObjects(task).Build()
	return interceptor.NewClient(api, interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, api client.Client, sub string, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			if len(errs) > 0 {
				err := errs[0]
				errs = errs[1:]
				return err
			}
			return api.SubResource(sub).Patch(ctx, o, patch, options...)
		},
	})
}

func newTask() *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "sync", UID: "task-uid", Generation: 1}}
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox"}}
	return task
}

// Somebody else has written the Task since it was read. That is normal: it is judged again, and no error is logged.
func TestCase29ConflictOnATaskIsNoError(t *testing.T) {
	conflict := apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("tasks").GroupResource(), "sync", errors.New("the object has been modified"))
	task := newTask()
	r := &Reconciler{Client: answers(t, task, conflict, conflict)}
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(task)}
	for range 2 {
		result, err := r.Reconcile(t.Context(), request)
		if err != nil || result.RequeueAfter <= 0 || result.RequeueAfter > time.Second {
			t.Fatalf("after a conflict: %v, in %s", err, result.RequeueAfter)
		}
	}
	if _, err := r.Reconcile(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if err := r.Client.Get(t.Context(), request.NamespacedName, task); err != nil {
		t.Fatal(err)
	}
	if !apimeta.IsStatusConditionTrue(task.Status.Conditions, v1alpha1.ConditionReady) {
		t.Errorf("conditions %+v", task.Status.Conditions)
	}
}

func TestOtherErrorsOnATaskAreErrors(t *testing.T) {
	task := newTask()
	r := &Reconciler{Client: answers(t, task, apierrors.NewInternalError(errors.New("no")))}
	if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(task)}); !apierrors.IsInternalError(err) {
		t.Errorf("got %v", err)
	}
}
