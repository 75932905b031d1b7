// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The controller is killed several times while executions are created and run. Each execution has exactly one Job.
func TestCase1ControllerKilledAtAnyMoment(t *testing.T) {
	const executions, kills = 12, 4
	name := given(t, keepJob(taskOf(`for i in 1 2 3 4 5; do echo "line $i"; sleep 1; done`)))

	jobs, err := kube.Watch(t.Context(), &batchv1.JobList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	defer jobs.Stop()

	var ids []string
	for kill := range kills {
		for range executions / kills {
			ids = append(ids, execute(t, name, nil))
		}
		if kill > 0 { // the first batch is running, the others may not have started
			printed(t, ids[0], "line 1")
		}
		killController(t)
	}
	wanted := map[types.UID]bool{}
	for _, id := range ids {
		e := polled(t, id)
		if e.Status != "completed" || e.Attempts != 1 {
			t.Errorf("execution %s: %s", id, text(e))
		}
		want := "开始执行任务 (无超时限制)\nline 1\nline 2\nline 3\nline 4\nline 5\n任务执行成功\n"
		if got := messages(e.Logs); got != want || !e.LogSummary.Complete {
			t.Errorf("execution %s: log (complete: %v)\n%s", id, e.LogSummary.Complete, got)
		}
		wanted[resource(t, id).UID] = true
	}
	for uid, n := range jobsMade(t, jobs, wanted) {
		if n != 1 || len(jobsOf(t, string(uid))) != 1 {
			t.Errorf("execution %s had %d Jobs", uid, n)
		}
	}
}

// jobsMade counts the Jobs of each execution since the watch began. It returns when each execution has had one.
func jobsMade(t *testing.T, jobs watch.Interface, wanted map[types.UID]bool) map[types.UID]int {
	t.Helper()
	made := map[types.UID]int{}
	for len(made) < len(wanted) {
		event := <-jobs.ResultChan()
		job, ok := event.Object.(*batchv1.Job)
		if !ok {
			t.Fatalf("the watch of Jobs ended: %v", event)
		}
		if owner := job.OwnerReferences; event.Type == watch.Added && len(owner) == 1 && wanted[owner[0].UID] {
			made[owner[0].UID]++
		}
	}
	return made
}

// killController deletes the controller's pods without a grace period, like a crash.
func killController(t *testing.T) {
	t.Helper()
	err := kube.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace("taskexec-system"),
		client.MatchingLabels{"app.kubernetes.io/component": "controller"}, client.GracePeriodSeconds(0))
	if err != nil {
		t.Fatal(err)
	}
}
