package explain

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCase27ExplainWarnsOfAChildOutOfMemory(t *testing.T) {
	const warning = `a process of container "main" was killed for using more memory than its limit, and the container ended with exit code 0`
	done := func() *observed { return run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, warning) }
	mirrored := func(o *observed) {
		o.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "p", Reason: "OOMKilled", ExitCode: ptr.To[int32](0)}}
	}
	ask(t, completed, map[string]asked{
		"the pod is there": {done().pod("n", terminated(0, "OOMKilled", "")), says{v1alpha1.ReasonCompleted, "It completed: " + warning + ".", "resources.limits.memory"}},
		"the pod is gone":  {done().with(mirrored), says{v1alpha1.ReasonCompleted, warning, "resources.limits.memory"}},
		"another note":     {run(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted, "the result has 4096 bytes"), says{v1alpha1.ReasonCompleted, "It completed: the result has 4096 bytes.", ""}},
	})
	failed := func(code int32) *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonOOMKilled, "").exit(code) }
	ask(t, outOfMemory, map[string]asked{
		"the program itself": {failed(137).pod("n", terminated(137, "OOMKilled", "")), says{v1alpha1.ReasonOOMKilled, "and was killed on node", "resources.limits.memory"}},
		"a child of it":      {failed(3).pod("n", terminated(3, "OOMKilled", "")), says{v1alpha1.ReasonOOMKilled, "exit code 3 after a process of the container", "resources.limits.memory"}},
	})
}

func TestCase26ExplainNamesTheVolumeOfEachAttempt(t *testing.T) {
	const cause, sum = `MountVolume.SetUp failed for volume "c": configmap "missing" not found`, "Unable to attach or mount volumes: timed out"
	again := func() *observed {
		return run(v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying, "attempt 1 failed").pod("n", waiting("ContainerCreating", ""))
	}
	ask(t, volumes, map[string]asked{
		"of another attempt":   {again().event("Pod", "FailedMount", cause), says{ReasonVolumesNotReady, `configmap "missing" not found.`, "ConfigMap"}},
		"before the sum":       {again().event("Pod", "FailedMount", sum).event("Pod", "FailedMount", cause), says{ReasonVolumesNotReady, `configmap "missing" not found.`, ""}},
		"where the sum is all": {again().event("Pod", "FailedMount", sum).event("Pod", "Scheduled", "x"), says{ReasonVolumesNotReady, sum, ""}},
		"that is mounted again while it runs": {
			run(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted, "").pod("n", corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}).event("Pod", "FailedMount", cause), silent,
		},
	})
}

// A run that stood in the queue when its Task was deleted keeps its place, and is told what it waits for first.
func TestCase28ExplainOfAQueuedRunWithoutItsTask(t *testing.T) {
	waits := run(v1alpha1.PhaseQueued, v1alpha1.ReasonTaskNotFound, `task "sync" does not exist`)
	waits.Execution.Status.Queue = &v1alpha1.QueueStatus{Position: 7, BlockedBy: v1alpha1.BlockedByTask}
	ask(t, queued, map[string]asked{"it waits for its task": {waits, silent}})
	ask(t, noJob, map[string]asked{"it waits for its task": {waits, says{v1alpha1.ReasonTaskNotFound, `task "sync" does not exist.`, "Make the Task"}}})
}
