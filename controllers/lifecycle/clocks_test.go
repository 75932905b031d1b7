// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// ranFor moves the start of a container to d before its end.
func ranFor(d time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses[0].State.Terminated.StartedAt = metav1.NewTime(noon.Add(-d))
	}
}

// The table says which clock of a run has expired, and when the next one does. Each run has a timeout, a startTimeout
// and a queueTimeout of a minute.
func TestClocks(t *testing.T) {
	minute := metav1.Duration{Duration: time.Minute}
	run := func() *scene {
		s := given().task(func(s *v1alpha1.TaskSpec) { s.Timeout, s.StartTimeout, s.QueueTimeout = &minute, &minute, &minute })
		s.Execution.CreationTimestamp = metav1.NewTime(noon.Add(-30 * time.Second))
		return s
	}
	made := func(ago time.Duration) *scene { // created its Job that long ago
		s := run().job()
		s.Job.CreationTimestamp = metav1.NewTime(noon.Add(-ago))
		return s
	}
	held := func(s *scene) *scene {
		s.Job.Spec.Suspend = ptr.To(true)
		return s
	}
	deleted := func(ago time.Duration) func(*corev1.Pod) { // deletionTimestamp is the end of the grace period
		return func(p *corev1.Pod) {
			runningFor(10 * time.Second)(p)
			p.DeletionTimestamp = ptr.To(metav1.NewTime(noon.Add(-ago)))
		}
	}
	unpulledSince := func(s *scene, ago time.Duration) *scene {
		s.Execution.Status.Conditions = append(s.Execution.Status.Conditions, metav1.Condition{
			Type: v1alpha1.ConditionImagesPulled, Status: metav1.ConditionFalse, LastTransitionTime: metav1.NewTime(noon.Add(-ago)),
		})
		return s.pod(onNode, waiting("ImagePullBackOff"))
	}
	const image, start, whole = v1alpha1.ReasonImagePullFailed, v1alpha1.ReasonStartTimeout, v1alpha1.ReasonDeadlineExceeded
	for name, c := range map[string]struct {
		scene  *scene
		struck string
		next   time.Duration
	}{
		"without a Job, the queue clock":                     {run(), "", 30 * time.Second},
		"without a Task, none":                               {without(run()), "", 0},
		"it had its place, and its Job is refused":           {run().phase(v1alpha1.PhasePending, v1alpha1.ReasonJobRefused), "", 0},
		"with a Job, the start clock":                        {made(20 * time.Second), "", 40 * time.Second},
		"the start clock has struck":                         {made(time.Minute), start, 0},
		"a held Job has only the queue clock":                {held(made(time.Hour)), "", 30 * time.Second},
		"once it runs, the run clock":                        {made(50 * time.Second).pod(runningFor(20 * time.Second)), "", 40 * time.Second},
		"the run clock has struck":                           {made(2 * time.Minute).pod(runningFor(time.Minute)), whole, 0},
		"the Job has decided, and its word is waited for":    {made(2*time.Minute).pod(exited(0), ranFor(time.Minute)).jobEnds(batchv1.JobSuccessCriteriaMet, ""), "", 0},
		"an image that cannot be pulled":                     {unpulledSince(made(30*time.Second), 45*time.Second), "", 15 * time.Second},
		"its clock has struck, before that of the start":     {unpulledSince(made(2*time.Minute), time.Minute), image, 0},
		"a node that has time to confirm":                    {made(20 * time.Second).pod(deleted(10 * time.Second)), "", 35 * time.Second},
		"a node's time is no reason: its rule says how":      {made(20 * time.Second).pod(deleted(time.Minute)), "", 50 * time.Second},
		"a retry that waits for its pod has the run clock":   {made(50*time.Second).pod(exited(1), ranFor(30*time.Second)).counted(0, 1), "", 30 * time.Second},
		"the earliest strikes first, with several under way": {unpulledSince(made(10*time.Second), 20*time.Second), "", 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			clocks := gather(&c.scene.Observation).clocks
			if struck, next := clocks.expired(noon), clocks.next(noon); struck != c.struck || next != c.next && struck == "" {
				t.Errorf("struck %q, next in %s; want %q, %s (%+v)", struck, next, c.struck, c.next, clocks)
			}
		})
	}
}

func TestNextClock(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		want  time.Duration
	}{
		"before the start, the start clock": {given().timeout(time.Minute).job(), 270 * time.Second},
		"after it, the run clock":           {given().timeout(time.Minute).job().pod(runningFor(time.Second)), 59 * time.Second},
		"after it, without a run clock":     {given().job().pod(runningFor(time.Second)), 0},
		"without clocks":                    {given().task(func(s *v1alpha1.TaskSpec) { s.StartTimeout = nil }).job(), 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := &c.scene.Observation
			if got := gather(o).clocks.next(o.Now); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
