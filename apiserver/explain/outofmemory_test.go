package explain

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestOutOfMemory(t *testing.T) {
	limits := corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}}
	limited := func(p *corev1.Pod) { p.Spec.Containers[0].Resources = limits }
	killed := func() *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonOOMKilled, "") }
	task := func(o *observed) {
		o.Task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "job", Resources: limits}}
	}
	const advice = "resources.limits.memory"
	ask(t, outOfMemory, map[string]asked{
		"another failure":  {run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, ""), silent},
		"the pod is there": {killed().pod("n", terminated(137, "OOMKilled", ""), limited), says{v1alpha1.ReasonOOMKilled, `the container "main" used more memory than its limit of 64Mi and was killed on node "n"`, advice}},
		"without a limit":  {killed().pod("n", terminated(137, "OOMKilled", "")), says{v1alpha1.ReasonOOMKilled, "than its limit and was killed", advice}},
		"the pod is gone":  {killed().with(task), says{v1alpha1.ReasonOOMKilled, `the container "job" used more memory than its limit of 64Mi`, advice}},
		"all is gone":      {killed().with(func(o *observed) { o.Task = nil }), says{v1alpha1.ReasonOOMKilled, "because the container used more memory than its limit", advice}},
	})
}
