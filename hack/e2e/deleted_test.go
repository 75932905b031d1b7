// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Somebody deletes the Job of an active run, and the controller restarts. The run fails, its container is gone, and
// no second Job is created.
func TestCase4JobDeletedMidRun(t *testing.T) {
	t.Parallel()
	made, err := kube.Watch(t.Context(), &batchv1.JobList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	defer made.Stop()
	name := given(t, taskOf(`echo begun; exec sleep 300`))
	id := execute(t, name, nil)
	printed(t, id, "begun")
	uid := resource(t, id).UID
	kubectl(t, "", "delete", "job", jobsOf(t, string(uid))[0].Name)
	if e := polled(t, id); e.Status != "failed" || e.Reason != v1alpha1.ReasonJobLost {
		t.Errorf("want failed for JobLost, got %s", text(e))
	}
	leavesNothing(t, string(uid))
	killController(t)
	settled(t)
	another := execute(t, given(t, taskOf(`true`)), nil) // the new controller has reconciled both
	polled(t, another)
	if n := jobsMade(t, made, map[types.UID]bool{uid: true, resource(t, another).UID: true})[uid]; n != 1 {
		t.Errorf("it had %d Jobs", n)
	}
	leavesNothing(t, string(uid))
	if e := status(t, id); e.Reason != v1alpha1.ReasonJobLost {
		t.Errorf("it became %s", text(e))
	}
}

// Executions are deleted at each moment of their start, while their Jobs and pods are created. Nothing of them is
// left, and nothing appears later.
func TestCase7DeletedWhileItsJobIsMade(t *testing.T) {
	t.Parallel()
	const rounds = 8
	name := given(t, taskOf(`exec sleep 300`))
	moments := map[string]func(uid string) bool{
		"at once":               func(string) bool { return true },
		"when its Job is there": func(uid string) bool { return len(jobsOf(t, uid)) > 0 },
		"when its pod is there": func(uid string) bool { return len(podsOf(t, uid)) > 0 },
	}
	var uids []string
	for range rounds {
		for moment, come := range moments {
			e := &v1alpha1.TaskExecution{ObjectMeta: objectMeta(fmt.Sprintf("%s-%d", name, len(uids)))}
			e.Spec.TaskRef.Name = name
			if err := kube.Create(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(patience); !come(string(e.UID)); {
				if time.Now().After(deadline) {
					t.Fatalf("%s: the moment %q does not come", e.Name, moment)
				}
			}
			if err := kube.Delete(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			uids = append(uids, string(e.UID))
		}
	}
	polled(t, execute(t, given(t, taskOf(`true`)), nil)) // the controller has reconciled all of them
	for _, uid := range uids {
		leavesNothing(t, uid)
	}
}

// A namespace is deleted while it has an active run and a queued one. The namespace disappears, and the controller
// has no work left for it.
func TestCase10NamespaceDeletedWithActiveRuns(t *testing.T) {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-gone-"}}
	if err := kube.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kube.Delete(context.Background(), ns) })
	task := limitedTo(taskOf(`echo begun; exec sleep 300`), v1alpha1.ConcurrencyQueue, 1)
	task.Namespace = ns.Name
	if err := kube.Create(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	for i, phase := range []v1alpha1.Phase{v1alpha1.PhaseRunning, v1alpha1.PhaseQueued} {
		e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: ns.Name, Name: fmt.Sprint("run-", i)}}
		e.Spec.TaskRef.Name = task.Name
		if err := kube.Create(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		eventually(t, e.Name+" is "+string(phase), func() (bool, string) {
			read(t, e)
			return e.Status.Phase == phase, text(e.Status)
		})
	}
	if err := kube.Delete(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace is gone", func() (bool, string) {
		err := kube.Get(t.Context(), client.ObjectKeyFromObject(ns), ns)
		return apierrors.IsNotFound(err), text(ns.Status)
	})
	polled(t, execute(t, given(t, taskOf(`true`)), nil)) // the controller has reconciled everything before it
	const quiet = 10 * time.Second
	eventually(t, "the controller looks at no execution for "+quiet.String(), func() (bool, string) {
		const looks = `controller_runtime_reconcile_total{controller="taskexecution"`
		before := controllerMetric(t, looks)
		<-time.After(quiet)
		n := controllerMetric(t, looks) - before
		return before > 0 && n == 0, fmt.Sprintf("%v looks", n)
	})
}
