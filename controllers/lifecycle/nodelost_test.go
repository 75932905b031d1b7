// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestNodeLost(t *testing.T) {
	// A pod's deletionTimestamp is the end of its grace period, here ten seconds.
	running := runningFor(time.Minute)
	overdueFor := func(d time.Duration) func(*corev1.Pod) { return deletedAt(10*time.Second + d) }
	unread := func(s *scene) *scene { s.Log = LogState{Lines: 5}; return s }
	for name, c := range map[string]struct {
		scene  *scene
		reason string
		// requeue is the delay of the next reconcile.
		requeue   time.Duration
		deleteJob bool
	}{
		"it runs":                                {given().job().pod(running), v1alpha1.ReasonContainerStarted, 0, false},
		"its pod is being deleted":               {given().job().pod(running, deletedAt(0)), v1alpha1.ReasonContainerStarted, 55 * time.Second, false},
		"its node is late":                       {given().job().pod(running, overdueFor(44*time.Second)), v1alpha1.ReasonContainerStarted, time.Second, false},
		"its node does not answer":               {unread(given().job().pod(running, overdueFor(45*time.Second))), v1alpha1.ReasonNodeLost, 0, true},
		"nor was a container known to run":       {given().job().pod(onNode, overdueFor(45*time.Second)), v1alpha1.ReasonNodeLost, 0, true},
		"the kubelet is known not to answer":     {given().job().pod(running, phase(corev1.PodUnknown), overdueFor(time.Hour)), v1alpha1.ReasonNodeLost, 0, true},
		"one pod of two may go on":               {given().job().pod(running, overdueFor(time.Hour)).pod(running), v1alpha1.ReasonContainerStarted, 0, false},
		"one of two is not late enough":          {given().job().pod(running, overdueFor(time.Hour)).pod(running, overdueFor(40*time.Second)), v1alpha1.ReasonContainerStarted, 5 * time.Second, false},
		"two are":                                {given().job().pod(running, overdueFor(time.Hour)).pod(running, overdueFor(time.Minute)), v1alpha1.ReasonNodeLost, 0, true},
		"no node has it":                         {given().job().pod(overdueFor(time.Hour)), v1alpha1.ReasonJobCreated, 4*time.Minute + 30*time.Second, false},
		"the Job says how it ended":              {given().job().pod(running, overdueFor(time.Hour)).jobEnds(batchv1.JobComplete, "Done"), v1alpha1.ReasonCompleted, 0, false},
		"we deleted its Job, and did not say it": {goneJob(given().job().pod(running, overdueFor(time.Minute))), v1alpha1.ReasonNodeLost, 0, false},
		"its Job was deleted before":             {goneJob(given().job().pod(running, overdueFor(0))), v1alpha1.ReasonJobLost, 0, false},
		"its Job is going":                       {goingJob(given().job().pod(running, overdueFor(time.Hour))), v1alpha1.ReasonNodeLost, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			plan := Decide(c.scene.Observation)
			if plan.Status.Reason != c.reason || plan.Requeue != c.requeue || plan.DeleteJob != c.deleteJob {
				t.Errorf("got %s, a look after %s, Job deleted %t", plan.Status.Reason, plan.Requeue, plan.DeleteJob)
			}
			if c.reason == v1alpha1.ReasonNodeLost && (plan.Status.Phase != v1alpha1.PhaseFailed || !strings.Contains(plan.Status.Message, "node node did not confirm")) {
				t.Errorf("got %s: %s", plan.Status.Phase, plan.Status.Message)
			}
		})
	}
}

func goneJob(s *scene) *scene {
	s.Job = nil
	return s
}

func goingJob(s *scene) *scene {
	s.Job.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
	return s
}

// A node that does not confirm an end does not serve the rest of the log either.
func TestLogOfANodeThatDoesNotAnswerIsNotWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		mark  string
		phase v1alpha1.Phase
	}{
		"timed out": {startedBefore(given().timeout(time.Minute).job(), time.Hour), v1alpha1.ReasonDeadlineExceeded, v1alpha1.PhaseFailed},
		"cancelled": {given().cancelled().job(), v1alpha1.ReasonCancelled, v1alpha1.PhaseCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			s := goingJob(c.scene.pod(runningFor(time.Hour), marked(c.mark, time.Hour)))
			s.Log = LogState{Lines: 5}
			if plan := Decide(s.Observation); plan.Status.Phase != c.phase || !strings.Contains(plan.Status.Message, "its node did not confirm") {
				t.Errorf("got %s, a look after %s: %s", plan.Status.Phase, plan.Requeue, plan.Status.Message)
			}
		})
	}
}
