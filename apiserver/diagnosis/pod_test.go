// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

func uid(id string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Name, p.UID = "pod-"+id, types.UID(id) }
}

func node(name string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = name } }

// mirrored adds two pods of an Indexed Job to the status. The first is the deciding pod.
func (o *observed) mirrored(code int32, succeeded int32) *observed {
	o.Execution.Status.Completions = &v1alpha1.Completions{Wanted: 3, Succeeded: succeeded}
	o.Execution.Status.ExitCode, o.Execution.Status.Attempts = &code, 3
	o.Execution.Status.Pods = []v1alpha1.PodMirror{
		{Name: "pod-a", UID: "a", Index: ptr.To[int32](1), Deciding: true, ExitCode: &code, Node: "first", Phase: "Failed"},
		{Name: "pod-b", UID: "b", Index: ptr.To[int32](0), ExitCode: ptr.To[int32](137), Node: "second", Phase: "Failed"},
	}
	return o
}

// An explanation is about the deciding pod of the status, even after the pods are gone.
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
	// The facts include the deciding pod, even if many pods are newer.
	many := nonZero().pod("x", terminated(7, "Error", ""), uid("a"))
	for _, id := range []string{"c", "d", "e", "f"} {
		many.pod("x", terminated(0, "Completed", ""), uid(id))
	}
	found := false
	for _, f := range Of(many.Observation).Facts {
		found = found || f.Name == "pod-a" && strings.Contains(f.TextIn(phrases.English), "exit code 7")
	}
	if !found {
		t.Error("no fact tells of the pod that decided")
	}
}
