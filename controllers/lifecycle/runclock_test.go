// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestRunClock(t *testing.T) {
	minute := func() *scene { return given().timeout(time.Minute).job() }
	const ends = "end:run-a(DeadlineExceeded) in 25s"
	withoutMinute := func(s *scene) *scene {
		s.Task = nil
		return s
	}
	table{
		"it counts from the first attempt, whose pod is gone": {startedBefore(minute(), time.Minute).pod(runningFor(time.Second)), "Pending/ " + ends, ""},
		"it counts from the first attempt, whose pod is here": {minute().pod(func(p *corev1.Pod) {
			exited(1)(p)
			p.Status.ContainerStatuses[0].State.Terminated.StartedAt = metav1.NewTime(noon.Add(-time.Minute))
		}).counted(0, 1).pod(runningFor(time.Second)), "Pending/ end:run-b(DeadlineExceeded) in 25s", ""},
		"it counts restarts in place as one run":              {minute().pod(runningFor(time.Second), restarted(3, 1, time.Minute)), "Pending/ " + ends, ""},
		"an edited Task does not reach the run":               {minute().timeout(time.Second).pod(runningFor(59 * time.Second)), "Running/ContainerStarted in 1s", ""},
		"nor does a deleted one":                              {withoutMinute(minute()).pod(runningFor(time.Minute)), "Pending/ " + ends, ""},
		"without a pod there is nothing to end":               {startedBefore(minute(), time.Minute), "Failed/DeadlineExceeded", "timeout of 1m0s"},
		"a pod without a node goes with its Job":              {startedBefore(minute(), time.Minute).pod(), "Failed/DeadlineExceeded", ""},
		"waits for a pod told to end":                         {minute().pod(runningFor(time.Minute), marked("DeadlineExceeded", 5*time.Second)), "Pending/ in 20s", ""},
		"a pod that does not obey loses its Job":              {minute().pod(runningFor(time.Minute), marked("DeadlineExceeded", 25*time.Second)), "Pending/ delete-job in 30s", ""},
		"a clock of three hundred years does not wrap":        {given().timeout(1<<63 - 1).job().pod(runningFor(time.Minute)), "Running/ContainerStarted in 2562047h46m16.854775807s", ""},
		"a node whose clock is ahead does not stop the clock": {minute().pod(runningFor(-time.Hour)), "Running/ContainerStarted in 1h1m0s", ""},
	}.run(t)
}

// restarted sets the number of restarts in place. The previous container ended with a code, and began some time ago.
func restarted(times, code int32, ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		c := &pod.Status.ContainerStatuses[0]
		c.RestartCount = times
		c.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: "Error", StartedAt: metav1.NewTime(noon.Add(-ago)), FinishedAt: metav1.NewTime(noon.Add(-ago + time.Second)),
		}
	}
}
