// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// taskOf returns a Task that runs a shell script and has a unique name.
func taskOf(script string) *v1alpha1.Task {
	task := &v1alpha1.Task{ObjectMeta: objectMeta("e2e-" + rand.String(6))}
	task.Spec.JobTemplate.Spec.Template.Spec = corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](5),
		Containers: []corev1.Container{{
			Name:            "main",
			Image:           "busybox:1.37",
			ImagePullPolicy: corev1.PullIfNotPresent,
			Command:         []string{"sh", "-c", script},
		}},
	}
	return task
}

// patientTaskOf returns a Task whose program has a minute to end after SIGTERM, so that a slow node does not fail the
// test.
func patientTaskOf(script string) *v1alpha1.Task {
	task := taskOf(script)
	task.Spec.JobTemplate.Spec.Template.Spec.TerminationGracePeriodSeconds = ptr.To[int64](60)
	return task
}

func timeout(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

func schema(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

// given creates a Task and waits until it can be run.
func given(t *testing.T, task *v1alpha1.Task) string {
	t.Helper()
	if err := kube.Create(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	eventually(t, "task "+task.Name+" is ready", func() (bool, string) {
		read(t, task)
		c := apimeta.FindStatusCondition(task.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == metav1.ConditionTrue, text(task.Status)
	})
	eventually(t, "the facade knows task "+task.Name, func() (bool, string) {
		response := call(t, "GET", "/tasks/"+task.Name, nil)
		return response.code == 200, response.text()
	})
	return task.Name
}

// keepJob keeps the Job of a finished run, for tests that look at the Job or its pod later.
func keepJob(task *v1alpha1.Task) *v1alpha1.Task {
	task.Spec.JobTemplate.Spec.TTLSecondsAfterFinished = ptr.To[int32](3600)
	return task
}

// eventually waits until a condition holds. If it never does, the test fails with the last state seen.
func eventually(t *testing.T, what string, condition func() (done bool, seen string)) {
	t.Helper()
	within(t, patience, what, condition)
}

func within(t *testing.T, limit time.Duration, what string, condition func() (done bool, seen string)) {
	t.Helper()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(limit)
	for {
		done, seen := condition()
		if done {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("within %s it did not come true that %s; last seen: %s", limit, what, seen)
		case <-t.Context().Done():
			t.Fatalf("the test ended while waiting that %s", what)
		case <-ticker.C:
		}
	}
}

func read(t *testing.T, object client.Object) {
	t.Helper()
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
}

// resource reads an execution from Kubernetes, as kubectl does.
func resource(t *testing.T, id string) *v1alpha1.TaskExecution {
	t.Helper()
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: id}}
	read(t, execution)
	return execution
}

// podsOf lists the pods of an execution.
func podsOf(t *testing.T, uid string) []corev1.Pod {
	t.Helper()
	pods := &corev1.PodList{}
	if err := kube.List(context.Background(), pods, client.InNamespace(namespace),
		client.MatchingLabels{v1alpha1.LabelExecutionUID: uid}); err != nil {
		t.Fatal(err)
	}
	return pods.Items
}

// leavesNothing waits until an execution has neither a pod nor a Job.
func leavesNothing(t *testing.T, uid string) {
	t.Helper()
	eventually(t, "no pod and no Job is left of execution "+uid, func() (bool, string) {
		pods, jobs := podsOf(t, uid), jobsOf(t, uid)
		return len(pods)+len(jobs) == 0, text(pods)
	})
}

// messages joins the messages of a log, one per line.
func messages(entries []logEntry) string {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.Message + "\n")
	}
	return b.String()
}
