package lifecycle

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// startedBefore is what an earlier status said of the first start.
func startedBefore(s *scene, ago time.Duration) *scene {
	s.Execution.Status.StartTime = ptr.To(metav1.NewTime(noon.Add(-ago)))
	s.Execution.Status.Attempts = 1
	return s
}

// notStartedInTime: its Job was made as long ago as it may take to start.
func notStartedInTime(s *scene) *scene {
	s.Job.CreationTimestamp = metav1.NewTime(noon.Add(-5 * time.Minute))
	return s
}

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
		"a pod that was told is waited for":                   {minute().pod(runningFor(time.Minute), marked("DeadlineExceeded", 5*time.Second)), "Pending/ in 20s", ""},
		"a pod that does not obey loses its Job":              {minute().pod(runningFor(time.Minute), marked("DeadlineExceeded", 25*time.Second)), "Pending/ delete-job in 30s", ""},
		"a clock of three hundred years does not wrap":        {given().timeout(1<<63 - 1).job().pod(runningFor(time.Minute)), "Running/ContainerStarted in 2562047h46m16.854775807s", ""},
		"a node whose clock is ahead does not stop the clock": {minute().pod(runningFor(-time.Hour)), "Running/ContainerStarted in 1h1m0s", ""},
	}.run(t)
}

// restarted in place so many times; the time before ended with a code, and began some time ago.
func restarted(times, code int32, ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		c := &pod.Status.ContainerStatuses[0]
		c.RestartCount = times
		c.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: "Error", StartedAt: metav1.NewTime(noon.Add(-ago)), FinishedAt: metav1.NewTime(noon.Add(-ago + time.Second)),
		}
	}
}

func TestStartClockOfAJob(t *testing.T) {
	late := notStartedInTime
	suspended := func(s *scene) *scene {
		s.Job.Spec.Suspend = ptr.To(true)
		return s
	}
	unbounded := func() *scene {
		return given().task(func(s *v1alpha1.TaskSpec) { s.StartTimeout = nil })
	}
	table{
		"a suspended Job's clock stands still":             {suspended(late(given().job())), "Queued/JobSuspended", "the Job is suspended"},
		"a Job without a pod":                              {late(given().job()), "Failed/StartTimeout", "no container started within 5m0s"},
		"a run that had started is past this clock":        {startedBefore(late(given().job()), time.Second).pod(), "Running/ContainerStarted in 4m59s", ""},
		"without the clock it waits":                       {late(unbounded().job()), "Pending/JobCreated", ""},
		"a pod that was told is waited for":                {late(given().job().pod(onNode, marked("StartTimeout", time.Second))), "Pending/ in 1s", ""},
		"a container that starts as it is told is a start": {late(given().job().pod(runningFor(time.Second), marked("StartTimeout", 2*time.Second))), "Running/ContainerStarted", ""},
	}.run(t)
}

func TestNextDeadline(t *testing.T) {
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
			if got := nextDeadline(o, gather(o)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
