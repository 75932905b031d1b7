package explain

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestRetrying(t *testing.T) {
	const reason = v1alpha1.ReasonRetrying
	again := func() *observed {
		return run(v1alpha1.PhaseRunning, reason, "attempt 1 failed; the Job makes another").with(func(o *observed) {
			o.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "p", ExitCode: ptr.To[int32](7)}}
		})
	}
	no := condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, "full")
	ask(t, retrying, map[string]asked{
		"it runs":         {run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, ""), silent},
		"between the two": {again(), says{reason, "attempt 1 failed; the Job makes another; the last one ended with exit code 7.", "/logs"}},
	})
	// What keeps the next attempt from starting is the better answer.
	if got := Of(again().pod("", corev1.ContainerState{}, no).Observation); got.Reason != ReasonUnschedulable {
		t.Errorf("got %+v", got)
	}
}
