package explain

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func uid(id string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Name, p.UID = "pod-"+id, types.UID(id) }
}

func node(name string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = name } }

// mirrored marks one of two pods of an Indexed Job as the one that decided.
func (o *observed) mirrored(code int32, succeeded int32) *observed {
	o.Execution.Status.Completions = &v1alpha1.Completions{Wanted: 3, Succeeded: succeeded}
	o.Execution.Status.ExitCode, o.Execution.Status.Attempts = &code, 3
	o.Execution.Status.Pods = []v1alpha1.PodMirror{
		{Name: "pod-a", UID: "a", Index: ptr.To[int32](1), Deciding: true, ExitCode: &code, Node: "first", Phase: "Failed"},
		{Name: "pod-b", UID: "b", Index: ptr.To[int32](0), ExitCode: ptr.To[int32](137), Node: "second", Phase: "Failed"},
	}
	return o
}

// Everything is said of the pod that the status marks, while the pods are there and after they are gone.
func TestCase24ExplainedByThePodThatDecided(t *testing.T) {
	both := func(o *observed) *observed {
		return o.pod("x", terminated(7, "Error", ""), uid("a"), node("first")).pod("x", terminated(137, "Error", ""), uid("b"), node("second"))
	}
	nonZero := func() *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "").mirrored(7, 1) }
	killed := func() *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonOOMKilled, "").mirrored(137, 1) }
	ask(t, exitCode, map[string]asked{
		"both pods are there":    {both(nonZero()), says{v1alpha1.ReasonNonZeroExit, `the container "main" of index 1 ended with exit code 7, with 1 of 3 completions.`, "/logs"}},
		"they are gone":          {nonZero(), says{v1alpha1.ReasonNonZeroExit, "the container of index 1 ended with exit code 7, with 1 of 3 completions.", "/logs"}},
		"only the other is left": {nonZero().pod("x", terminated(137, "StartError", ""), uid("b")), says{v1alpha1.ReasonNonZeroExit, "the container of index 1 ended with exit code 7", "/logs"}},
	})
	ask(t, outOfMemory, map[string]asked{
		"the pods are gone": {killed(), says{v1alpha1.ReasonOOMKilled, `of index 1 used more memory than its limit and was killed on node "first"`, "memory"}},
	})
	evicted := both(run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, "").mirrored(7, 1))
	ask(t, disrupted, map[string]asked{"the node": {evicted, says{v1alpha1.ReasonEvicted, `on node "first"`, ""}}})
	ask(t, completed, map[string]asked{
		"completions and no attempts": {run(v1alpha1.PhaseCompleted, "", "").mirrored(0, 3), says{v1alpha1.ReasonCompleted, "It completed, with 3 of 3 completions.", ""}},
	})
	ask(t, running, map[string]asked{
		"progress": {run(v1alpha1.PhaseRunning, "", "2 of 3 completions").mirrored(0, 2), says{v1alpha1.ReasonContainerStarted, ", with 2 of 3 completions.", ""}},
	})
	// The facts have the pod that decided though many are newer.
	many := nonZero().pod("x", terminated(7, "Error", ""), uid("a"))
	for _, id := range []string{"c", "d", "e", "f"} {
		many.pod("x", terminated(0, "Completed", ""), uid(id))
	}
	found := false
	for _, f := range Of(many.Observation).Facts {
		found = found || f.Name == "pod-a" && strings.Contains(f.Text, "exit code 7")
	}
	if !found {
		t.Error("no fact tells of the pod that decided")
	}
}

func TestCase24RetryOfAnIndex(t *testing.T) {
	again := run(v1alpha1.PhaseRunning, v1alpha1.ReasonRetrying, "1 of 3 completions; index 1: attempt 1 failed; the Job makes another").mirrored(7, 1)
	again.Execution.Status.Pods = append(again.Execution.Status.Pods, v1alpha1.PodMirror{Name: "pod-c", UID: "c", ExitCode: ptr.To[int32](0)})
	ask(t, retrying, map[string]asked{"with its own exit code": {again, says{v1alpha1.ReasonRetrying, "the last one ended with exit code 7.", ""}}})
}

// A run that was suspended after it had started waits, and what it has left of its timeout does not pass.
func TestCase25ExplainedWhileSuspended(t *testing.T) {
	started := func(phase v1alpha1.Phase, reason, message string) *observed {
		return run(phase, reason, message).with(func(o *observed) {
			o.Execution.Status.StartTime = ptr.To(ago(40 * time.Second))
			o.Execution.Status.Suspension = &v1alpha1.Suspension{Total: metav1.Duration{Duration: 25 * time.Second}}
		})
	}
	held := func() *observed {
		return started(v1alpha1.PhaseQueued, v1alpha1.ReasonJobSuspended, "the Job was suspended while it ran").with(func(o *observed) {
			o.Execution.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: v1alpha1.BlockedByJob}
			o.Execution.Status.Suspension.Since = ptr.To(ago(10 * time.Second))
		})
	}
	kueue := func(j *batchv1.Job) { j.Labels = map[string]string{v1alpha1.LabelKueueQueue: "team-a"} }
	ask(t, heldJob, map[string]asked{
		"by somebody": {held().job(nil), says{v1alpha1.ReasonJobSuspended, "because its Job was suspended while it ran", "spec.suspend: false"}},
		"by Kueue":    {held().job(kueue), says{v1alpha1.ReasonJobSuspended, `Kueue took back its admission from the queue "team-a"`, "workloads"}},
	})
	limits := func(j *batchv1.Job) {
		j.Annotations = map[string]string{v1alpha1.AnnotationLimits: `{"timeout":"30s","container":"main","maxEntries":100,"maxBytes":16384}`}
	}
	ask(t, running, map[string]asked{
		"it runs again": {started(v1alpha1.PhaseRunning, "", "").job(limits), says{v1alpha1.ReasonContainerStarted, "its timeout of 30s ends it at 2025-11-25T11:05:15Z.", ""}},
	})
	found := false
	for _, f := range Of(held().Observation).Facts {
		found = found || strings.Contains(f.Text, "suspended since then")
	}
	if !found {
		t.Error("no fact tells since when it is suspended")
	}
}
