// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The log has what a container printed after SIGTERM, whoever stopped it.
func TestLogUntilTheEndOfAStoppedRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		timeout *metav1.Duration
		stop    func(t *testing.T, id string)
		reason  string
	}{
		"cancelled": {
			stop: func(t *testing.T, id string) {
				ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}})
			},
			reason: v1alpha1.ReasonCancelled,
		},
		"timed out": {
			timeout: timeout(10 * time.Second),
			stop:    func(*testing.T, string) {},
			reason:  v1alpha1.ReasonDeadlineExceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			task := patientTaskOf(untilTold)
			task.Spec.Timeout = c.timeout
			id := execute(t, given(t, task), nil)
			printing(t, id, 50)
			c.stop(t, id)
			got, complete := wholeOrSaid(t, id, untilKilled)
			if e := resource(t, id); e.Status.Reason != c.reason {
				t.Errorf("ended as %s, want %s", e.Status.Reason, c.reason)
			}
			if want := fmt.Sprint("last ", len(got.numbers)); complete && (len(got.others) != 1 || got.others[0] != want) {
				t.Errorf("the log of %d lines ends with %q, want %q", len(got.numbers), got.others, want)
			}
			if !complete {
				t.Error("nothing excuses that the log of a run that ended in its grace period is not whole")
			}
		})
	}
}

// A pod is deleted without a grace period. The run ends at once. Its log has all lines that were read before, and
// says whether it is complete.
func TestCase15LogOfAForceDeletedPod(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(steadily(12_000, 5*time.Minute, 60)))
	id := execute(t, name, nil)
	printing(t, id, 100)
	err := kube.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace(namespace),
		client.MatchingLabels{v1alpha1.LabelExecutionUID: string(resource(t, id).UID)}, client.GracePeriodSeconds(0))
	if err != nil {
		t.Fatal(err)
	}
	polled(t, id)
	got, complete := wholeOrSaid(t, id, untilKilled)
	if len(got.others) > 0 {
		t.Errorf("the log has lines that nobody printed: %.200q", got.others)
	}
	if len(got.numbers) < 100 {
		t.Errorf("the log has %d lines, and 100 were read before the pod went", len(got.numbers))
	}
	e := resource(t, id)
	t.Logf("%s %s, log whole: %v %s, %d lines", e.Status.Phase, e.Status.Reason, complete, e.Status.LogSummary.Reason, len(got.numbers))
	if e.Status.Phase != v1alpha1.PhaseFailed || e.Status.Reason != v1alpha1.ReasonDisrupted {
		t.Errorf("ended as %s %s: %s", e.Status.Phase, e.Status.Reason, e.Status.Message)
	}
}

// The node is lost: its kubelet does not answer and ends no pod. A run with a timeout ends by the timeout. A run
// without one ends after its pod was deleted, as Kubernetes does five minutes after it lost a node: after the grace
// period and the time in which the node may still confirm the end. The logs that cannot be read to the end are marked
// as incomplete.
func TestCase15NodeThatIsLost(t *testing.T) {
	prints := steadily(30_000, 10*time.Minute, 60)
	timeless := execute(t, given(t, taskOf(prints)), nil)
	task := taskOf(prints)
	task.Spec.Timeout = timeout(40 * time.Second) // meanwhile, the test stops the kubelet
	timed := execute(t, given(t, task), nil)
	printing(t, timeless, 100)
	printing(t, timed, 100)
	localcluster(t, "stop", "kubelet", "--kill")
	defer func() {
		localcluster(t, "start", "kubelet")
		settled(t)
	}()
	begin := time.Now()
	pods := podsOf(t, string(resource(t, timeless).UID))
	if len(pods) != 1 {
		t.Fatalf("%d pods", len(pods))
	}
	if err := kube.Delete(t.Context(), &pods[0]); err != nil {
		t.Fatal(err)
	}
	for id, reason := range map[string]string{timed: v1alpha1.ReasonDeadlineExceeded, timeless: v1alpha1.ReasonNodeLost} {
		// The facade is on the same node.
		eventually(t, "the run has ended", func() (bool, string) {
			e := resource(t, id)
			return e.Status.Phase.IsTerminal(), text(e.Status)
		})
		took := time.Since(begin)
		e := captured(t, id)
		t.Logf("%s %s after %s, and after %s its log is %s", e.Status.Phase, e.Status.Reason, took, time.Since(begin), text(e.Status.LogSummary))
		if e.Status.Phase != v1alpha1.PhaseFailed || e.Status.Reason != reason || e.Status.LogSummary.Complete || e.Status.LogSummary.Reason == "" || e.Status.LogSummary.Entries < 100 {
			t.Errorf("ended as %s %s: %s; %s", e.Status.Phase, e.Status.Reason, e.Status.Message, text(e.Status.LogSummary))
		}
		if !apimeta.IsStatusConditionFalse(e.Status.Conditions, v1alpha1.ConditionLogsCaptured) {
			t.Errorf("conditions %s", text(e.Status.Conditions))
		}
		if jobs := jobsOf(t, string(e.UID)); len(jobs) > 0 {
			t.Errorf("%d Jobs are left, which would try again", len(jobs))
		}
	}
}
