// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// queuedRuns is the number of runs in the queue. E2E_QUEUE_RUNS overrides it.
const queuedRuns = 40

// controllerKills is how often the test kills the controller.
const controllerKills = 5

// limitedTo sets the concurrency policy of a Task and how many of its runs may be active at once.
func limitedTo(task *v1alpha1.Task, policy v1alpha1.ConcurrencyPolicy, maxRunning int32) *v1alpha1.Task {
	task.Spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: policy, MaxRunning: &maxRunning}
	return task
}

// The controller is killed several times while the runs of a queue run. Each run has exactly one pod. By the time
// stamps of the pods, at most three run at once.
func TestQueueWhileTheControllerIsKilled(t *testing.T) {
	const most = 3
	n := queuedRuns
	if text := os.Getenv("E2E_QUEUE_RUNS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 {
			t.Fatalf("E2E_QUEUE_RUNS is %q, want a number above 0", text)
		}
	}
	task := keepJob(limitedTo(taskOf(`sleep 2`), v1alpha1.ConcurrencyQueue, most)) // the test looks at their pods at the end
	name := given(t, task)
	var ids []string
	for range n {
		ids = append(ids, execute(t, name, nil))
	}
	for kill := range controllerKills {
		atLeastEnded(t, name, (kill+1)*n/(controllerKills+2))
		killController(t)
	}
	atLeastEnded(t, name, n)

	var runs []span
	for _, id := range ids {
		e := resource(t, id)
		if e.Status.Phase != v1alpha1.PhaseCompleted || e.Status.Attempts != 1 {
			t.Errorf("execution %s: %s", id, text(e.Status))
		}
		pods := podsOf(t, string(e.UID))
		if len(pods) != 1 || len(jobsOf(t, string(e.UID))) != 1 {
			t.Fatalf("execution %s has %d pods and %d Jobs, want one of each", id, len(pods), len(jobsOf(t, string(e.UID))))
		}
		runs = append(runs, spanOf(t, &pods[0]))
	}
	if got := atOnce(runs); got != most {
		t.Errorf("at most %d containers ran at once, want %d", got, most)
	}
}

// atLeastEnded waits until the given number of runs of a task have ended. Each end restarts the timeout.
func atLeastEnded(t *testing.T, task string, want int) {
	t.Helper()
	for ended := -1; ended < want; {
		before := ended
		eventually(t, strconv.Itoa(want)+" runs of "+task+" have ended", func() (bool, string) {
			executions := &v1alpha1.TaskExecutionList{}
			if err := kube.List(t.Context(), executions, client.InNamespace(namespace)); err != nil {
				t.Fatal(err)
			}
			ended = 0
			for i := range executions.Items {
				if e := &executions.Items[i]; e.Spec.TaskRef.Name == task && e.Status.Phase.IsTerminal() {
					ended++
				}
			}
			return ended >= want || ended > before, strconv.Itoa(ended)
		})
	}
}

// span is the life of a container. The kubelet rounds both times down to seconds.
type span struct{ from, to time.Time }

func spanOf(t *testing.T, pod *corev1.Pod) span {
	t.Helper()
	for _, s := range pod.Status.ContainerStatuses {
		if ended := s.State.Terminated; ended != nil {
			return span{ended.StartedAt.Time, ended.FinishedAt.Time}
		}
	}
	t.Fatalf("pod %s has no container that ended: %s", pod.Name, text(pod.Status))
	return span{}
}

// atOnce returns how many spans overlap at most. If one span begins in the second in which another ends, they do not
// overlap: the next Job is created after the end of the one before is recorded.
func atOnce(spans []span) (most int) {
	for _, s := range spans {
		n := 0
		for _, other := range spans {
			if !other.from.After(s.from) && other.to.After(s.from) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestForbiddenAndFullOverREST(t *testing.T) {
	t.Parallel()
	forbid := given(t, limitedTo(taskOf(`exec sleep 300`), v1alpha1.ConcurrencyForbid, 1))
	first := execute(t, forbid, nil)
	listed(t, forbid, 1)
	if r := call(t, "POST", "/tasks/"+forbid+"/execute/api", nil); r.code != 409 {
		t.Errorf("a second run of a task that forbids it: %s", r.text())
	}
	task := limitedTo(taskOf(`exec sleep 300`), v1alpha1.ConcurrencyQueue, 1)
	one := int32(1)
	task.Spec.Concurrency.MaxQueued = &one
	queue := given(t, task)
	ids := []string{first, execute(t, queue, nil), execute(t, queue, nil)}
	listed(t, queue, 2)
	if r := call(t, "POST", "/tasks/"+queue+"/execute/api", nil); r.code != 429 || r.header.Get("Retry-After") == "" {
		t.Errorf("a run for which there is no place: %s, Retry-After %q", r.text(), r.header.Get("Retry-After"))
	}
	eventually(t, "one of the two is Queued", func() (bool, string) {
		told := ""
		for _, id := range ids[1:] { // which of the two is queued is not defined, because they may be created in the same second
			e := status(t, id)
			if e.Phase == "Queued" {
				if e.Status != "running" {
					t.Errorf("a run that waits reads %s", e.Status)
				}
				return true, ""
			}
			told += text(e)
		}
		return false, told
	})
	cancel(t, ids...)
	for _, id := range ids {
		if e := polled(t, id); e.Status != "cancelled" {
			t.Errorf("execution %s: %s", id, text(e))
		}
	}
}

// listed waits until the facade lists the given number of runs of a task. From then on, it counts them.
func listed(t *testing.T, task string, runs int) (list []execution) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d runs of task %s are listed", runs, task), func() (bool, string) {
		list = ask[[]execution](t, "GET", "/tasks/running/"+task, nil)
		return len(list) == runs, text(list)
	})
	return list
}

func TestReplaceOnARealNode(t *testing.T) {
	t.Parallel()
	name := given(t, limitedTo(taskOf(`echo begun; trap 'sleep 2; exit 3' TERM; while :; do sleep 1; done`), v1alpha1.ConcurrencyReplace, 1))
	first := execute(t, name, nil)
	printed(t, first, "begun")
	second := execute(t, name, nil)
	eventually(t, "the first is Cancelled", func() (bool, string) { e := status(t, first); return e.Phase == "Cancelled", text(e) })
	printed(t, second, "begun")
	old, fresh := resource(t, first), resource(t, second)
	if end, start := old.Status.Pods[0].FinishTime, fresh.Status.StartTime; end == nil || start.Before(end) {
		t.Errorf("the second started at %s, and the first ended at %s: %s", start, end, text(old.Status))
	}
	if old.Spec.Cancel == nil || old.Spec.Cancel.Reason != "replaced by "+second {
		t.Errorf("cancel: %s", text(old.Spec.Cancel))
	}
	ask[struct{ Cancelled []string }](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{second}})
}

func TestImageThatIsNotThere(t *testing.T) {
	t.Parallel()
	task := taskOf(`true`)
	task.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Image = "registry.invalid/no/such:image"
	name := given(t, task)
	id := execute(t, name, nil)
	eventually(t, "it says what it waits for", func() (bool, string) {
		e := resource(t, id)
		return strings.Contains(e.Status.Message, "registry.invalid/no/such:image"), text(e.Status)
	})
	e := polled(t, id)
	if e.Status != "failed" || e.Reason != v1alpha1.ReasonImagePullFailed || !strings.Contains(e.Message, "registry.invalid/no/such:image") {
		t.Errorf("got %s", text(e))
	}
	leavesNothing(t, string(resource(t, id).UID))
}
