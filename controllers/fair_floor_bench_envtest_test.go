// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// bareStarts makes the requests of a start without the operator, one start after the other, and returns how long each
// took: create an object, see it in a watch, read it, create a Job, see it in a watch. What these take longer beside a
// loud namespace is due to the API server and the CPUs, which the operator does not share out.
func (t *tenants) bareStarts(b *testing.B, count int) (took []time.Duration) {
	b.Helper()
	objects, err := kube.Watch(b.Context(), &corev1.ConfigMapList{}, client.InNamespace(t.quiet))
	if err != nil {
		b.Fatal(err)
	}
	defer objects.Stop()
	made, err := kube.Watch(b.Context(), &batchv1.JobList{}, client.InNamespace(t.quiet))
	if err != nil {
		b.Fatal(err)
	}
	defer made.Stop()
	for range count {
		name := "bare-" + rand.String(8)
		object := &corev1.ConfigMap{ObjectMeta: objectNamed(t.quiet, name)}
		job := &batchv1.Job{ObjectMeta: objectNamed(t.quiet, name)}
		job.Spec.Template.Spec = newTask(t.quiet).Spec.JobTemplate.Spec.Template.Spec
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		begin := time.Now()
		t.create(b, object)
		waitShown(objects, name)
		if err := kube.Get(b.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			b.Fatal(err)
		}
		t.create(b, job)
		waitShown(made, name)
		took = append(took, time.Since(begin))
	}
	return took
}

// waitShown waits until a watch shows that an object was added.
func waitShown(shown watch.Interface, name string) {
	for event := range shown.ResultChan() {
		if o, ok := event.Object.(client.Object); ok && event.Type == watch.Added && o.GetName() == name {
			return
		}
	}
}
