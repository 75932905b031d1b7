// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// butGeneration ignores observedGeneration: a cancel that comes too late is observed, and changes nothing else.
var butGeneration = []cmp.Option{
	cmpopts.IgnoreFields(v1alpha1.TaskExecutionStatus{}, "ObservedGeneration"),
	cmpopts.IgnoreFields(metav1.Condition{}, "ObservedGeneration"),
}

// Each run's Job ends while the run is cancelled, and either may win. Each run ends once. Its status stays as it is
// through more cancels and a restart of the operator.
func TestCase5CancelAndTheEndAtOnce(t *testing.T) {
	const number = 24
	ns := namespace(t)
	s := &stage{ns, newWitness(t, ns)}
	stop := operator(t)
	create(t, newTask(ns))
	const first, second = `{"spec":{"cancel":{"reason":"first"}}}`, `{"spec":{"cancel":{"reason":"second"}}}`
	ctx := context.WithoutCancel(t.Context())
	request := func(name, body string) error {
		e := &v1alpha1.TaskExecution{ObjectMeta: objectNamed(ns, name)}
		return kube.Patch(ctx, e, client.RawPatch("application/merge-patch+json", []byte(body)))
	}
	statuses, phases := map[string]v1alpha1.TaskExecutionStatus{}, map[string]int{}
	for i := range number {
		e := named(t, ns, fmt.Sprintf("run-%02d", i))
		job, pod := s.runs(t, e.Name)
		var node sync.WaitGroup
		var ended error
		node.Go(func() {
			last := endedPod(pod, int32(i%2), "")
			ended = kube.Status().Patch(ctx, last, client.MergeFrom(pod))
			counted := kube.Status().Patch(ctx, endedJob(job, last), client.MergeFrom(job))
			ended = errors.Join(ended, client.IgnoreNotFound(counted)) // a cancelled one may be gone
		})
		if i%3 > 0 { // when the end of the pod, or of the Job, is known
			s.until(t, "the run's end is near", func() (bool, any) {
				over := lifecycle.JobFinished(seen[*batchv1.Job](s.witness, job.Name))
				return over || i%3 == 1 && seen[*corev1.Pod](s.witness, pod.Name).Status.Phase != corev1.PodRunning, ""
			})
		}
		cancelled := request(e.Name, first)
		node.Wait()
		if err := errors.Join(cancelled, ended); err != nil {
			t.Fatal(err)
		}
		s.until(t, "it ends", func() (bool, any) {
			status := &seen[*v1alpha1.TaskExecution](s.witness, e.Name).Status
			return status.Phase.IsTerminal(), status
		})
		capturedLog(t, e)
		statuses[e.Name] = e.Status
		phases[string(e.Status.Phase)+"/"+e.Status.Reason]++
	}
	t.Logf("they ended %v", phases)
	stop()
	operator(t)
	for name := range statuses {
		if err := request(name, first); err != nil {
			t.Errorf("the same cancel again: %v", err)
		}
		if err := request(name, second); !apierrors.IsInvalid(err) {
			t.Errorf("another cancel: %v", err)
		}
	}
	completes(t, named(t, ns, "last")) // the operator has reconciled all runs
	for name, before := range statuses {
		e := &v1alpha1.TaskExecution{ObjectMeta: objectNamed(ns, name)}
		read(t, e)
		if diff := cmp.Diff(before, e.Status, butGeneration...); diff != "" {
			t.Errorf("%s, -as it ended +as it is now:\n%s", name, diff)
		}
	}
}
