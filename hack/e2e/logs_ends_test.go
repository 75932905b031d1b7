//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// What a container prints after SIGTERM is in the log, whoever asked it to stop.
func TestLogUntilTheEndOfAStoppedRun(t *testing.T) {
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
			timeout: timeout(4 * time.Second),
			stop:    func(*testing.T, string) {},
			reason:  v1alpha1.ReasonDeadlineExceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			task := taskOf(untilTold)
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

// A pod that is taken away without grace: the run ends, and its log is said to be whole or not.
func TestCase15LogOfAForceDeletedPod(t *testing.T) {
	name := given(t, taskOf(steadily(12_000, 5*time.Minute, 60)))
	id := execute(t, name, nil)
	printing(t, id, 100)
	err := kube.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace(namespace),
		client.MatchingLabels{v1alpha1.LabelExecutionUID: string(resource(t, id).UID)}, client.GracePeriodSeconds(0))
	if err != nil {
		t.Fatal(err)
	}
	got, complete := wholeOrSaid(t, id, untilKilled)
	if len(got.others) > 0 {
		t.Errorf("the log has lines that nobody printed: %.200q", got.others)
	}
	if len(got.numbers) < 100 {
		t.Errorf("the log has %d lines, and 100 were read before the pod went", len(got.numbers))
	}
	e := resource(t, id)
	t.Logf("%s %s, log whole: %v %s, %d lines", e.Status.Phase, e.Status.Reason, complete, e.Status.LogSummary.Reason, len(got.numbers))
	if e.Status.Phase != v1alpha1.PhaseFailed {
		t.Errorf("ended as %s, want Failed", e.Status.Phase)
	}
}
