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

// noSuchCommand is the message of containerd 2 for a command that the image does not have.
const noSuchCommand = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ` +
	`unable to start container process: error during container init: exec: "no-such": executable file not found in $PATH: unknown`

// startFailed is a container that the runtime could not start.
func startFailed(name string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		onNode(pod)
		pod.Status.Phase = corev1.PodFailed
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 128, Reason: "StartError", Message: noSuchCommand, StartedAt: metav1.NewTime(time.Unix(0, 0)), FinishedAt: metav1.NewTime(noon),
		}}}}
	}
}

func initStartFailed(pod *corev1.Pod) {
	startFailed("prepare")(pod)
	pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = pod.Status.ContainerStatuses, nil
}

// restartsAfter sets the main container waiting to restart, after a previous state.
func restartsAfter(before corev1.ContainerStateTerminated) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		onNode(pod)
		waiting(waitsCrashLoop)(pod)
		pod.Status.ContainerStatuses[0].State.Waiting.Message = "back-off 40s restarting failed container=main pod=run-a_ns(pod-a)"
		pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &before
	}
}

// helperWaits adds a second container that cannot be started.
func helperWaits(reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: "helper", Image: "h:1", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "why"}},
		})
	}
}

// initEndedAgo ends the init containers some time before noon.
func initEndedAgo(ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for i := range pod.Status.InitContainerStatuses {
			end := pod.Status.InitContainerStatuses[i].State.Terminated
			end.StartedAt, end.FinishedAt = metav1.NewTime(noon.Add(-ago-time.Second)), metav1.NewTime(noon.Add(-ago))
		}
	}
}

// withSecrets gives a run sensitive params. Then no message that may quote its command line is copied.
func withSecrets(s *scene) *scene {
	s.Execution.Spec.SecretParams = &v1alpha1.SecretParams{SecretName: "s", Names: []string{"token"}}
	return s
}

func TestCase26CauseIsSaidWhileItWaits(t *testing.T) {
	ran := corev1.ContainerStateTerminated{ExitCode: 3, StartedAt: metav1.NewTime(noon.Add(-2 * time.Second)), FinishedAt: metav1.NewTime(noon.Add(-time.Second))}
	never := corev1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: noSuchCommand}
	refused := func(s *scene) *scene {
		s.PodsRefused, s.PodsRefusedSince = "FailedCreate: exceeded quota: small", noon.Add(-time.Minute)
		return s
	}
	mount := given().job().pod(onNode, waiting("ContainerCreating"))
	mount.PodTrouble = `FailedMount: MountVolume.SetUp failed for volume "c" : configmap "missing" not found`
	table{
		"a volume, from an Event": {mount, "Pending/JobCreated in 4m30s", `configmap "missing" not found`},
		"no such command, with retries in place": {
			given().job().pod(restartsAfter(never)), "Pending/JobCreated in 4m30s", `container "main" could not be started: exec: "no-such": executable file not found in $PATH; it is to be started again`,
		},
		"a command that cannot be run": {given().job().pod(onNode, waiting("RunContainerError")), "Pending/JobCreated in 4m30s", `RunContainerError: container "main": why`},
		"a post-start hook":            {given().job().pod(onNode, waiting("PostStartHookError")), "Pending/JobCreated in 4m30s", `PostStartHookError: container "main": why`},
		"it runs as root and may not":  {given().job().pod(onNode, waiting("CreateContainerConfigError")), "Pending/JobCreated in 4m30s", `CreateContainerConfigError: container "main": why`},
		"after an init container": {
			given().job().pod(onNode, initEnded(0), waiting("CreateContainerConfigError")), "Running/ContainerWaiting in 4m49s", `CreateContainerConfigError: container "main": why`,
		},
		"the image of a second container, while the first runs": {
			given().job().pod(runningFor(time.Second), helperWaits("ErrImagePull")), "Running/ContainerStarted in 1m0s", `image "h:1" of container "helper" cannot be pulled`,
		},
		"a second container, while the first runs": {
			given().job().pod(runningFor(time.Second), helperWaits("CreateContainerError")), "Running/ContainerStarted", `CreateContainerError: container "helper": why`,
		},
		"a container that failed and is started again": {
			given().job().pod(restartsAfter(ran)), "Running/ContainerStarted", `container "main" ended with exit code 3, and is to be started again`,
		},
		"the next attempt": {
			given().job().pod(exited(1)).counted(0, 1).pod(onNode, waiting("CreateContainerConfigError")), "Running/Retrying in 4m49s",
			`attempt 1 failed; the Job makes another; the next one waits: CreateContainerConfigError`,
		},
		"the next attempt, whose pod is refused": {refused(given().job().pod(exited(1)).counted(0, 1)), "Running/Retrying in 4m0s", "the next one waits: FailedCreate: exceeded quota: small"},
		"the next attempt, which is to come":     {given().job().pod(exited(1)).counted(0, 1), "Running/Retrying", "attempt 1 failed; the Job makes another"},
	}.run(t)
}

func TestCase26CauseIsSaidAfterItEnded(t *testing.T) {
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
	}
	const why = `CreateContainerConfigError: container "main": configmap "missing" not found`
	// waited returns a run whose status already names the cause.
	waited := func(s *scene, phase v1alpha1.Phase, reason string) *scene {
		s.phase(phase, reason).Execution.Status.Message = why
		return s
	}
	pending := func() *scene {
		return waited(notStartedInTime(given().job()), v1alpha1.PhasePending, v1alpha1.ReasonJobCreated)
	}
	init := func(changes ...func(*corev1.Pod)) *scene {
		s := startedBefore(waited(notStartedInTime(given().job()), v1alpha1.PhaseRunning, v1alpha1.ReasonContainerWaiting), 6*time.Minute)
		return s.pod(append([]func(*corev1.Pod){onNode, initEnded(0), initEndedAgo(5 * time.Minute)}, changes...)...)
	}
	table{
		"no such command": {failed(startFailed("main")), "Failed/ContainerNotStarted", `container "main" could not be started: exec: "no-such": executable file not found in $PATH`},
		"no such command of an init container": {
			failed(initStartFailed), "Failed/ContainerNotStarted", `container "prepare" could not be started: exec: "no-such"`,
		},
		"no such command, with sensitive params": {withSecrets(failed(startFailed("main"))), "Failed/ContainerNotStarted", `container "main" could not be started`},
		"a program that ended with 128":          {failed(exited(128)), "Failed/NonZeroExit", "exit code 128"},
		"a volume":                               {pending().pod(onNode, waiting("ContainerCreating"), marked("StartTimeout", idleMargin)), "Failed/StartTimeout", "no container started within 5m0s: " + why},
		"a volume, and its pod is gone":          {pending(), "Failed/StartTimeout", "no container started within 5m0s: " + why},
		"a volume, and its pod has ended":        {pending().pod(onNode, marked("StartTimeout", 0), killed).counted(0, 1), "Failed/StartTimeout", why},
		"the main container, after an init one": {
			init(waiting("CreateContainerConfigError"), marked("StartTimeout", idleMargin)),
			"Failed/StartTimeout", `the next container did not start within 5m0s: CreateContainerConfigError: container "main": why`,
		},
		"and its pod has ended": {init(killed, marked("StartTimeout", 0)).counted(0, 1), "Failed/StartTimeout", "within 5m0s: " + why},
		"by the Job's own word": {endedJob(init(killed, marked("StartTimeout", 0))), "Failed/StartTimeout", why},
		"the run clock strikes first": {
			startedBefore(waited(given().timeout(time.Minute).job(), v1alpha1.PhaseRunning, v1alpha1.ReasonContainerWaiting), time.Minute).
				pod(onNode, initEnded(0), killed, marked("DeadlineExceeded", 0)).counted(0, 1),
			"Failed/DeadlineExceeded", "timeout of 1m0s: " + why,
		},
	}.run(t)
}

func TestCase26WordsOfARuntimeAreNotRepeatedOfASensitiveRun(t *testing.T) {
	for name, s := range map[string]*scene{
		"while it waits":     given().job().pod(onNode, waiting("RunContainerError")),
		"before it exists":   given().job().pod(onNode, waiting("CreateContainerError")),
		"in a crash loop":    given().job().pod(restartsAfter(corev1.ContainerStateTerminated{Message: noSuchCommand})),
		"after it has ended": given().job().pod(startFailed("main")).counted(0, 1).jobEnds(batchv1.JobFailed, ""),
	} {
		message := Decide(withSecrets(s).Observation).Status.Message
		if message == "" || strings.Contains(message, "no-such") || strings.Contains(message, "why") {
			t.Errorf("%s it says %q", name, message)
		}
	}
}

func TestCase26CancelOfARunThatNeverStarted(t *testing.T) {
	told := marked("Cancelled", idleMargin)
	gone := lose(startedBefore(given().job(), time.Minute).cancelled().phase(v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested))
	gone.Execution.Status.Cancellation = &v1alpha1.Cancellation{AcknowledgedTime: metav1.NewTime(noon.Add(-20 * time.Second))}
	table{
		"a volume is missing":               {given().job().cancelled().pod(onNode, waiting("ContainerCreating")), "Cancelling/CancelRequested end:run-a(Cancelled) in 10s", ""},
		"when that was given time":          {given().job().cancelled().pod(onNode, waiting("ContainerCreating"), told), "Cancelled/Cancelled", "cancelled by ann: enough"},
		"after an init container":           {given().job().cancelled().pod(onNode, initEnded(0), waiting("CreateContainerConfigError"), told), "Cancelled/Cancelled", ""},
		"a container runs":                  {given().job().cancelled().pod(runningFor(time.Minute), told), "Cancelling/CancelRequested in 15s", ""},
		"a Job that we deleted is no news":  {gone, "Cancelled/Cancelled", "cancelled by ann: enough"},
		"a Job that others deleted is some": {lose(given().job().cancelled()), "Cancelled/Cancelled", "its Job was already deleted"},
	}.run(t)
	for name, s := range map[string]*scene{"it waits": given().job().cancelled().pod(onNode, waiting("ContainerCreating"), told), "its Job is gone": gone} {
		if m := Decide(s.Observation).Status.Message; strings.Contains(m, "deleted") || strings.Contains(m, "confirm") {
			t.Errorf("%s: %q", name, m)
		}
	}
}

// The times of a receipt are in order: no run ends before it was told to.
func TestCase26EndIsNeverBeforeTheCancel(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		// end is when the run ended, before noon. The cancel is seen at noon.
		end time.Duration
	}{
		"an init container ended long ago":     {given().job().cancelled().pod(onNode, initEnded(0), waiting("CreateContainerConfigError"), marked("Cancelled", idleMargin)), 0},
		"its pod has ended":                    {given().job().cancelled().pod(onNode, phase(corev1.PodFailed), initEnded(0), marked("Cancelled", time.Second), killed), 0},
		"an attempt ended, another is to come": {given().job().cancelled().pod(exited(1)).counted(0, 1), 0},
		"it ended by itself before":            {given().job().cancelled().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, ""), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			status := Decide(c.scene.Observation).Status
			r := status.Cancellation
			if r == nil || r.CompletionTime == nil || r.CompletionTime.Before(&r.AcknowledgedTime) || !status.CompletionTime.Time.Equal(noon.Add(-c.end)) {
				t.Errorf("ended %v, receipt %+v", status.CompletionTime, r)
			}
		})
	}
	s := startedBefore(given().timeout(time.Minute).job(), 2*time.Minute).pod(exited(1)).counted(0, 1)
	if got := Decide(s.Observation).Status.CompletionTime; got == nil || !got.Time.Equal(noon) {
		t.Errorf("a run between two attempts whose clock strikes ended at %v", got)
	}
}

func TestCase26EventsAreAskedWhereNothingElseTells(t *testing.T) {
	age := func(d time.Duration) func(*corev1.Pod) {
		return func(pod *corev1.Pod) { pod.CreationTimestamp = metav1.NewTime(noon.Add(-d)) }
	}
	ready := func(pod *corev1.Pod) {
		pod.Status.Conditions = []corev1.PodCondition{{Type: podSandboxIsReady, Status: corev1.ConditionTrue}}
	}
	creating, old, young := waiting("ContainerCreating"), age(askAfter), age(4*time.Second)
	for name, c := range map[string]struct {
		scene *scene
		asks  bool
		in    time.Duration
	}{
		"no pod":                      {given().job(), false, 0},
		"no Job":                      {given(), false, 0},
		"a pod without a node":        {given().job().pod(old), false, 0},
		"a pod that waits for long":   {given().job().pod(onNode, creating, old), true, askAfter},
		"a pod that waits for short":  {given().job().pod(onNode, creating, young), false, 6 * time.Second},
		"when the start clock is out": {notStartedInTime(given().job()).pod(onNode, creating, young), true, askAfter},
		"an image is being pulled":    {given().job().pod(onNode, creating, old, ready), false, 0},
		"the pod tells itself":        {given().job().pod(onNode, waiting("CreateContainerConfigError"), old), false, 0},
		"it runs":                     {given().job().pod(runningFor(time.Minute), old), false, 0},
		"it has ended":                {given().job().pod(exited(1), old), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := &c.scene.Observation
			if got, in := NeedsEvents(o) != nil, NeedsEventsIn(o); got != c.asks || in != c.in {
				t.Errorf("asks %t, in %s", got, in)
			}
			o.PodTrouble = "FailedMount: why"
			if got := NeedsEventsIn(o); got != c.in {
				t.Errorf("again in %s once it was told", got)
			}
		})
	}
}

func TestTroubleOf(t *testing.T) {
	event := func(ago time.Duration, reason, message string) Event {
		return Event{At: noon.Add(-ago), Reason: reason, Message: message, Warning: strings.HasPrefix(reason, "Failed")}
	}
	mount := event(10*time.Second, "FailedMount", `MountVolume.SetUp failed for volume "c" : configmap "missing" not found`)
	sum := event(time.Second, "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[c]: timed out waiting for the condition")
	for name, c := range map[string]struct {
		events []Event
		want   string
	}{
		"none":                      {nil, ""},
		"nothing is wrong":          {[]Event{event(0, "Scheduled", "x")}, ""},
		"a volume":                  {[]Event{event(20*time.Second, "Scheduled", "x"), mount}, `FailedMount: MountVolume.SetUp failed for volume "c" : configmap "missing" not found`},
		"the cause before the sum":  {[]Event{sum, mount}, `FailedMount: MountVolume.SetUp failed for volume "c" : configmap "missing" not found`},
		"the sum where that is all": {[]Event{sum}, "FailedMount: Unable to attach or mount volumes: unmounted volumes=[c]: timed out waiting for the condition"},
		"a volume that came":        {[]Event{mount, event(0, "Pulling", "x")}, ""},
		"a sandbox, renamed":        {[]Event{event(0, "FailedCreatePodSandBox", "sandbox \""+strings.Repeat("0f", 32)+"\": no network")}, `FailedCreatePodSandBox: sandbox "…": no network`},
		"the scheduler's":           {[]Event{event(0, "FailedScheduling", "x")}, ""},
	} {
		if got := TroubleOf(c.events); got != c.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestPodMissedSince(t *testing.T) {
	suspended := given().job()
	suspended.Job.Spec.Suspend = ptr.To(true)
	for name, c := range map[string]struct {
		scene  *scene
		since  time.Duration
		missed bool
	}{
		"no Job":                    {given(), 0, false},
		"no pod yet":                {given().job(), 30 * time.Second, true},
		"a pod":                     {given().job().pod(), 0, false},
		"a suspended Job":           {suspended, 0, false},
		"an attempt failed":         {given().job().pod(exited(1)).counted(0, 1), time.Second, true},
		"it is not counted yet":     {given().job().pod(exited(1)), 0, false},
		"the next attempt is there": {given().job().pod(exited(1)).counted(0, 1).pod(), 0, false},
		"the Job has ended":         {given().job().pod(exited(1)).counted(0, 1).jobEnds(batchv1.JobFailed, ""), 0, false},
	} {
		since, missed := PodMissedSince(&c.scene.Observation)
		if missed != c.missed || missed && !since.Equal(noon.Add(-c.since)) {
			t.Errorf("%s: %t since %s", name, missed, since)
		}
	}
}
