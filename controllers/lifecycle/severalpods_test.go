// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// endedAgo ends a pod's container with a code some time ago, ten seconds after its start.
func endedAgo(code int32, ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		exited(code)(pod)
		end := pod.Status.ContainerStatuses[0].State.Terminated
		end.StartedAt, end.FinishedAt = metav1.NewTime(noon.Add(-ago-10*time.Second)), metav1.NewTime(noon.Add(-ago))
	}
}

// reachedItsLimit is a container that the kernel killed at its memory limit.
func reachedItsLimit(pod *corev1.Pod) {
	end := pod.Status.ContainerStatuses[0].State.Terminated
	end.Reason, end.ExitCode = v1alpha1.ReasonOOMKilled, 137
}

// cleanedUp marks a pod as deleted by its Job some time ago.
func cleanedUp(ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.DeletionTimestamp = ptr.To(metav1.NewTime(noon.Add(10*time.Second - ago)))
		pod.DeletionGracePeriodSeconds = ptr.To[int64](10)
	}
}

// decides adds a condition to the Job some time ago.
func (s *scene) decides(condition batchv1.JobConditionType, reason string, ago time.Duration) *scene {
	s.Job.Status.Conditions = append(s.Job.Status.Conditions, batchv1.JobCondition{
		Type: condition, Status: corev1.ConditionTrue, Reason: reason, Message: "in its words", LastTransitionTime: metav1.NewTime(noon.Add(-ago)),
	})
	return s
}

func (s *scene) with(change func(*scene)) *scene {
	change(s)
	return s
}

func (s *scene) jobSpec(change func(*batchv1.JobSpec)) *scene {
	change(&s.Job.Spec)
	return s
}

// The run clock covers all pods, from the first start, whichever is the newest and however the others ended. If no pod
// is left to end, Decide waits for the Job's next event and does not requeue at once.
func TestCase23TimeoutOverAllPods(t *testing.T) {
	two := func() *scene { return given().timeout(10*time.Second).job().several(2, 2) }
	nonIndexed := func() *scene {
		return two().jobSpec(func(s *batchv1.JobSpec) { s.CompletionMode = nil })
	}
	hangs := runningFor(11 * time.Second)
	const ends = "Pending/ end:run-a(DeadlineExceeded) in 25s"
	table{
		"the newest pod has succeeded":             {two().pod(indexed(0), hangs).pod(indexed(1), exited(0)), ends, ""},
		"so it has without indexes":                {nonIndexed().pod(hangs).pod(exited(0)).counted(1, 0), ends, ""},
		"the newest pod has failed, with retries":  {two().jobSpec(func(s *batchv1.JobSpec) { s.BackoffLimit = ptr.To[int32](6) }).pod(indexed(0), hangs).pod(indexed(1), exited(7)).counted(0, 1), ends, ""},
		"the template has a deadline of its own":   {two().jobSpec(func(s *batchv1.JobSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](600) }).pod(indexed(0), hangs).pod(indexed(1), exited(0)), ends, ""},
		"any pod may be the first of a work queue": {nonIndexed().jobSpec(func(s *batchv1.JobSpec) { s.Completions = nil }).pod(hangs).pod(exited(0)).counted(1, 0), ends, ""},
		"all have ended as told": {
			two().pod(indexed(0), runningFor(20*time.Second), exited(143), killed, marked("DeadlineExceeded", time.Second)).pod(indexed(1), endedAgo(0, 10*time.Second)).counted(1, 1),
			"Failed/DeadlineExceeded", "timeout of 10s",
		},
		"all completions are there":                         {two().pod(indexed(0), exited(0)).pod(indexed(1), exited(0)), "Pending/", ""},
		"an ordinary pod that is not yet counted":           {given().timeout(10 * time.Second).job().pod(exited(0)), "Pending/", ""},
		"a completion is missing, and its pod is to come":   {nonIndexed().pod(exited(0)).counted(1, 0), "Failed/DeadlineExceeded", "timeout of 10s"},
		"two pods of one index are one completion":          {two().pod(indexed(0), exited(0)).pod(indexed(0), exited(0)).counted(1, 0), "Failed/DeadlineExceeded", ""},
		"the Job is deleting what it needs no more":         {two().decides(batchv1.JobSuccessCriteriaMet, "SuccessPolicy", 0).pod(indexed(0), exited(0)).pod(indexed(1), hangs, cleanedUp(time.Second)), "Running/ContainerStarted in 54s", "1 of 2 completions"},
		"the Job is deleting the others of a failed one":    {two().decides(batchv1.JobFailureTarget, "BackoffLimitExceeded", 0).pod(indexed(0), exited(7)).pod(indexed(1), hangs, cleanedUp(time.Second)), "Running/ContainerStarted in 54s", ""},
		"the Job has decided, and one goes on all the same": {two().decides(batchv1.JobFailureTarget, "BackoffLimitExceeded", 0).pod(indexed(0), hangs).pod(indexed(1), exited(7)), ends, ""},
	}.run(t)
}

// A pod that failed before the deadline has failed by itself, even if the Job does not say so yet.
func TestCase23FailureBeforeTheDeadlineStands(t *testing.T) {
	two := func() *scene { return given().timeout(10*time.Second).job().several(2, 2) }
	told := func(pod *corev1.Pod) {
		endedAgo(143, 0)(pod)
		killed(pod)
		marked("DeadlineExceeded", time.Second)(pod)
	}
	table{
		"the only pod, not yet counted":    {given().timeout(10 * time.Second).job().pod(exited(7)), "Failed/NonZeroExit", "exit code 7"},
		"the other was ended by the clock": {two().pod(indexed(0), endedAgo(7, 5*time.Second)).pod(indexed(1), told), "Failed/NonZeroExit", `index 0: container "main" ended with exit code 7`},
		"and the Job says so": {
			two().pod(indexed(0), endedAgo(7, 5*time.Second)).pod(indexed(1), told).decides(batchv1.JobFailed, "BackoffLimitExceeded", 0), "Failed/NonZeroExit", "exit code 7",
		},
		"it was to be tried again": {
			two().jobSpec(func(s *batchv1.JobSpec) { s.BackoffLimit = ptr.To[int32](3) }).pod(indexed(0), endedAgo(7, 5*time.Second)).pod(indexed(1), told).counted(0, 2),
			"Failed/DeadlineExceeded", "",
		},
		"the last of its retries was ended by the clock": {
			given().task(func(s *v1alpha1.TaskSpec) { s.Retries = 1 }).timeout(10*time.Second).job().
				pod(endedAgo(7, 5*time.Second)).pod(told).decides(batchv1.JobFailed, "BackoffLimitExceeded", 0),
			"Failed/DeadlineExceeded", "",
		},
	}.run(t)
}

// A run ends when its last container ends. If nobody saw that, it ends when its Job says so, never at its start.
func TestCase23EndOfARunWhosePodsAreGone(t *testing.T) {
	s := startedBefore(given().timeout(time.Hour).job().several(2, 2), 50*time.Second).pod(indexed(0), endedAgo(0, 39*time.Second))
	s.Execution.Status.Pods = []v1alpha1.PodMirror{{Name: "run-x", UID: "x", Phase: "Running", Index: ptr.To[int32](1), StartTime: ptr.To(metav1.NewTime(noon.Add(-50 * time.Second)))}}
	s.decides(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded, 2*time.Second)
	status := Decide(s.Observation).Status
	if !status.CompletionTime.Time.Equal(noon.Add(-2*time.Second)) || status.Duration != "48s" {
		t.Errorf("ended %s after %s", status.CompletionTime, status.Duration)
	}
	for i := range status.Pods {
		if p := &status.Pods[i]; p.Phase == "Running" {
			t.Errorf("%s runs for ever", p.Name)
		}
	}
}

// told renders a status: reason, exit code, the deciding pod and its result.
func told(s *v1alpha1.TaskExecutionStatus) string {
	code, pod, result := "none", "none", "none"
	if s.ExitCode != nil {
		code = fmt.Sprint(*s.ExitCode)
	}
	if m := s.DecidingPod(); m != nil {
		pod = m.Name
	}
	if s.Result != nil {
		result = string(s.Result.Raw)
	}
	return strings.Join([]string{s.Reason, "exit " + code, pod, result}, ", ")
}

func writes(text string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].State.Terminated.Message = text }
}

func ofPod(code int32, ago time.Duration, index int32, text string, more ...func(*corev1.Pod)) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for _, change := range append([]func(*corev1.Pod){indexed(index), endedAgo(code, ago), writes(text)}, more...) {
			change(pod)
		}
	}
}

// One pod decides, and reason, exit code and result are all from that pod.
func TestCase24EverythingIsSaidOfThePodThatDecided(t *testing.T) {
	three := func() *scene { return given().job().several(3, 3) }
	limit := func(n int32) func(*batchv1.JobSpec) { return func(s *batchv1.JobSpec) { s.BackoffLimit = &n } }
	perIndex := func(n int32) func(*batchv1.JobSpec) {
		return func(s *batchv1.JobSpec) { s.BackoffLimit, s.BackoffLimitPerIndex = nil, &n }
	}
	policy := func(action batchv1.PodFailurePolicyAction, codes ...int32) func(*batchv1.JobSpec) {
		return func(s *batchv1.JobSpec) {
			s.PodFailurePolicy = &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
				Action: action, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: codes},
			}}}
		}
	}
	failed := func(s *scene, reason string) *scene {
		return s.decides(batchv1.JobFailureTarget, reason, 4*time.Second).decides(batchv1.JobFailed, reason, 0)
	}
	complete := func(s *scene, reason string) *scene {
		return s.decides(batchv1.JobSuccessCriteriaMet, reason, 4*time.Second).decides(batchv1.JobComplete, reason, 0)
	}
	const limits = "BackoffLimitExceeded"
	for name, c := range map[string]struct {
		scene      *scene
		want, says string
	}{
		"exit 7, and the clean-up of the others": {
			failed(three().pod(ofPod(7, 5*time.Second, 1, `"seven"`)).pod(ofPod(137, time.Second, 0, `"killed"`, cleanedUp(4*time.Second))).pod(ofPod(0, time.Second, 2, `"zero"`, cleanedUp(4*time.Second))), limits),
			`NonZeroExit, exit 7, run-a, "seven"`, `index 1: container "main" ended with exit code 7`,
		},
		"the clean-up of the others ended first in the list": {
			failed(three().pod(ofPod(143, time.Second, 0, `"x"`, cleanedUp(4*time.Second))).pod(ofPod(7, 5*time.Second, 1, `"seven"`)), limits),
			`NonZeroExit, exit 7, run-b, "seven"`, "",
		},
		"exits 9 and 7, the first decides": {
			failed(three().pod(ofPod(7, 5*time.Second, 0, `7`)).pod(ofPod(9, 6*time.Second, 1, `9`)).pod(ofPod(0, 7*time.Second, 2, `0`)), limits),
			`NonZeroExit, exit 9, run-b, 9`, "exit code 9",
		},
		"with one retry, the second decides": {
			failed(three().jobSpec(limit(1)).pod(ofPod(9, 7*time.Second, 0, `9`)).pod(ofPod(7, 6*time.Second, 1, `7`)).pod(ofPod(5, 5*time.Second, 2, `5`)), limits),
			`NonZeroExit, exit 7, run-b, 7`, "exit code 7",
		},
		"out of memory beside a success": {
			failed(three().pod(ofPod(137, 6*time.Second, 0, ``, reachedItsLimit)).pod(ofPod(0, 5*time.Second, 1, `"fine"`)), limits),
			"OOMKilled, exit 137, run-a, none", "index 0",
		},
		"an index that may not fail": {
			failed(three().jobSpec(perIndex(2)).jobSpec(policy(batchv1.PodFailurePolicyActionFailIndex, 42)).pod(ofPod(42, 9*time.Second, 1, `42`)).pod(ofPod(0, time.Second, 0, `0`)), "FailedIndexes"),
			"NonZeroExit, exit 42, run-a, 42", "index 1: ",
		},
		"an index after its retries": {
			failed(three().jobSpec(perIndex(1)).pod(ofPod(1, 9*time.Second, 0, `1`)).pod(ofPod(0, 8*time.Second, 0, `0`)).pod(ofPod(2, 7*time.Second, 1, `2`)).pod(ofPod(3, 6*time.Second, 1, `3`)).pod(ofPod(0, time.Second, 2, `0`)), "FailedIndexes"),
			"NonZeroExit, exit 3, run-d, 3", "index 1: ",
		},
		"too many failed indexes": {
			failed(three().jobSpec(perIndex(0)).jobSpec(func(s *batchv1.JobSpec) { s.MaxFailedIndexes = ptr.To[int32](0) }).pod(ofPod(6, 6*time.Second, 2, `6`)).pod(ofPod(143, time.Second, 0, ``, cleanedUp(4*time.Second))), "MaxFailedIndexesExceeded"),
			"NonZeroExit, exit 6, run-a, 6", "index 2: ",
		},
		"a code that fails the Job, after another": {
			failed(three().jobSpec(limit(6)).jobSpec(policy(batchv1.PodFailurePolicyActionFailJob, 42)).pod(ofPod(1, 8*time.Second, 0, `1`)).pod(ofPod(42, 5*time.Second, 1, `42`)), batchv1.JobReasonPodFailurePolicy),
			"NonZeroExit, exit 42, run-b, 42", "exit code 42",
		},
		"a code that does not count, before another": {
			failed(three().jobSpec(policy(batchv1.PodFailurePolicyActionIgnore, 3)).pod(ofPod(3, 8*time.Second, 0, `3`)).pod(ofPod(5, 5*time.Second, 0, `5`)), limits),
			"NonZeroExit, exit 5, run-b, 5", "exit code 5",
		},
		"an eviction among others": {
			failed(three().pod(ofPod(137, 5*time.Second, 1, ``, reasonIs("Evicted"))).pod(ofPod(143, time.Second, 0, ``, cleanedUp(4*time.Second))), limits),
			"Evicted, exit 137, run-a, none", "pod run-a was ended by the platform",
		},
		"a deletion that was none of the Job's": {
			failed(three().pod(ofPod(143, 5*time.Second, 1, ``, cleanedUp(8*time.Second))).pod(ofPod(143, time.Second, 0, ``, cleanedUp(4*time.Second))), limits),
			"Disrupted, exit 143, run-a, none", "it was deleted",
		},
		"restarts in place, deleted during one": {
			failed(given().job().pod(endedAgo(143, 0), restarted(3, 8, 20*time.Second), cleanedUp(4*time.Second), func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyOnFailure }), limits),
			"NonZeroExit, exit 8, run-a, none", "exit code 8",
		},
		"all succeeded: the last": {
			complete(three().pod(ofPod(0, 5*time.Second, 2, `"two"`)).pod(ofPod(0, 7*time.Second, 0, `"zero"`)).pod(ofPod(0, 6*time.Second, 1, `"one"`)), "CompletionsReached"),
			`Completed, exit 0, run-a, "two"`, "",
		},
		"a success policy: the index that it names": {
			complete(three().jobSpec(func(s *batchv1.JobSpec) {
				s.SuccessPolicy = &batchv1.SuccessPolicy{Rules: []batchv1.SuccessPolicyRule{{SucceededIndexes: ptr.To("0-1"), SucceededCount: ptr.To[int32](1)}}}
			}).pod(ofPod(0, 5*time.Second, 1, `"leader"`)).pod(ofPod(0, time.Second, 2, `"told"`, cleanedUp(4*time.Second))).pod(ofPod(143, time.Second, 0, ``, cleanedUp(4*time.Second))), "SuccessPolicy"),
			`Completed, exit 0, run-a, "leader"`, "",
		},
		"cancelled: the one that we ended, whichever is the newest": {
			three().cancelled().pod(ofPod(143, 0, 0, ``, killed, marked("Cancelled", time.Second))).pod(ofPod(0, 5*time.Second, 1, `"fine"`)).counted(1, 1).decides(batchv1.JobFailed, limits, 0),
			"Cancelled, exit 143, run-a, none", "enough",
		},
	} {
		t.Run(name, func(t *testing.T) {
			status := Decide(c.scene.Observation).Status
			if got := told(&status); got != c.want || !strings.Contains(status.Message, c.says) {
				t.Errorf("got %s: %q\nwant %s: %q", got, status.Message, c.want, c.says)
			}
			for i := range status.Pods {
				if p := &status.Pods[i]; p.Phase == "Running" || p.Index == nil && strings.Contains(name, "index") {
					t.Errorf("mirrored: %+v", *p)
				}
			}
		})
	}
}

// Attempts, completions and indexes are counted separately.
func TestCase24ProgressOfCompletions(t *testing.T) {
	three := func(parallelism int32) *scene {
		return given().job().several(3, parallelism).jobSpec(func(s *batchv1.JobSpec) { s.CompletionMode = nil })
	}
	retried := func(s *batchv1.JobSpec) { s.BackoffLimit = ptr.To[int32](6) }
	table{
		"the first runs":                            {three(1).pod(runningFor(0)), "Running/ContainerStarted", "0 of 3 completions"},
		"one after another, between two":            {three(1).pod(exited(0)).counted(1, 0), "Running/ContainerStarted", "1 of 3 completions"},
		"the next is about to start":                {three(1).pod(exited(0)).counted(1, 0).pod(onNode), "Running/ContainerStarted in 4m49s", "1 of 3 completions"},
		"one failed before a success":               {three(1).jobSpec(retried).pod(endedAgo(1, 9*time.Second)).pod(exited(0)).counted(1, 1), "Running/ContainerStarted", "1 of 3 completions"},
		"one failed after a success":                {three(1).jobSpec(retried).pod(endedAgo(0, 9*time.Second)).pod(exited(1)).counted(1, 1), "Running/Retrying", "1 of 3 completions; attempt 1 failed; the Job makes another"},
		"two of three at once":                      {three(3).pod(exited(0)).pod(exited(0)).pod(runningFor(0)), "Running/ContainerStarted", "2 of 3 completions"},
		"an index is tried again while others run":  {given().job().several(3, 3).jobSpec(retried).pod(indexed(1), exited(1)).pod(indexed(0), runningFor(0)).pod(indexed(1), onNode).counted(0, 1), "Running/Retrying", "0 of 3 completions; index 1: attempt 1 failed"},
		"an index runs again":                       {given().job().several(3, 3).jobSpec(retried).pod(indexed(1), exited(1)).pod(indexed(0), runningFor(0)).pod(indexed(1), runningFor(0)).counted(0, 1), "Running/ContainerStarted", "0 of 3 completions"},
		"an index that is given up":                 {given().job().several(3, 3).jobSpec(func(s *batchv1.JobSpec) { s.BackoffLimitPerIndex = ptr.To[int32](0) }).pod(indexed(1), exited(1)).pod(indexed(0), runningFor(0)).with(func(s *scene) { s.Job.Status.FailedIndexes = ptr.To("1") }), "Running/ContainerStarted", "0 of 3 completions; failed indexes: 1"},
		"what one index waits for holds up no word": {given().job().several(3, 3).jobSpec(func(s *batchv1.JobSpec) { s.BackoffLimitPerIndex = ptr.To[int32](1) }).pod(indexed(1), exited(1)).pod(indexed(0), exited(0)), "Running/Retrying", "1 of 3 completions; index 1: attempt 1 failed"},
	}.run(t)
}

// A Job that has decided waits for the pods that it deletes. If their node does not confirm the end, the decision
// holds.
func TestCase24DecisionOutlastsALostNode(t *testing.T) {
	two := func() *scene { return given().job().several(2, 2) }
	overdue := func(pod *corev1.Pod) {
		runningFor(5 * time.Minute)(pod)
		cleanedUp(2 * time.Minute)(pod)
	}
	table{
		"it failed":    {two().pod(indexed(1), endedAgo(7, 2*time.Minute)).pod(indexed(0), overdue).decides(batchv1.JobFailureTarget, "BackoffLimitExceeded", 2*time.Minute), "Failed/NonZeroExit delete-job", "index 1: container \"main\" ended with exit code 7; pod run-b was to have ended by"},
		"it completed": {two().pod(indexed(1), endedAgo(0, 2*time.Minute)).pod(indexed(0), overdue).decides(batchv1.JobSuccessCriteriaMet, "SuccessPolicy", 2*time.Minute), "Completed/Completed delete-job", "did not confirm it"},
	}.run(t)
}

// An image that one pod cannot pull has its grace period, even if a newer pod runs.
func TestCase24ImageOfAnOlderPod(t *testing.T) {
	table{
		"it waits": {given().job().several(2, 2).pod(indexed(0), onNode, waiting("ErrImagePull")).pod(indexed(1), runningFor(time.Second)), "Running/ContainerStarted in 1m0s", ""},
	}.run(t)
}

// The mirror keeps ten of a hundred pods, including the deciding one, and always the same ten.
func TestCase24MirrorOfManyPods(t *testing.T) {
	s := given().job().several(20, 20)
	for i := range 20 {
		s.pod(indexed(int32(i)), endedAgo(0, time.Duration(100-i)*time.Second))
		s.Pods[i].Name, s.Pods[i].UID = fmt.Sprintf("run-%d", i), s.Pods[i].UID+"x"
	}
	endedAgo(7, 105*time.Second)(s.Pods[2])
	s.decides(batchv1.JobFailed, "BackoffLimitExceeded", 0)
	first := Decide(s.Observation).Status
	s.Execution.Status = *first.DeepCopy()
	second := Decide(s.Observation).Status
	for _, status := range []v1alpha1.TaskExecutionStatus{first, second} {
		names := make([]string, len(status.Pods))
		for i := range status.Pods {
			names[i] = status.Pods[i].Name
		}
		want := "run-2 run-11 run-12 run-13 run-14 run-15 run-16 run-17 run-18 run-19"
		if got := strings.Join(names, " "); got != want || !status.Pods[0].Deciding || *status.ExitCode != 7 {
			t.Errorf("got %s, exit %d\nwant %s", got, *status.ExitCode, want)
		}
	}
}

// A deleted pod that has ended is about to vanish. Its end is recorded although the Job still counts.
func TestCase24EndOfAPodThatVanishesIsKept(t *testing.T) {
	s := given().job().several(2, 2).phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	s.Execution.Status.ObservedGeneration = 1
	s.pod(indexed(0), exited(0)).pod(indexed(1), exited(143), cleanedUp(4*time.Second)).decides(batchv1.JobSuccessCriteriaMet, "SuccessPolicy", 0)
	status := Decide(s.Observation).Status
	if len(status.Pods) != 2 || status.Pods[1].Phase != "Failed" || ptr.Deref(status.Pods[1].ExitCode, 0) != 143 || status.Phase != v1alpha1.PhaseRunning {
		t.Errorf("%s, mirrored: %+v", status.Phase, status.Pods)
	}
}

// Its deletion is recorded too: a pod that is deleted by force is gone before its Job fails.
func TestCase24DeletionOfAPodThatVanishesIsKept(t *testing.T) {
	s := given().job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	s.Execution.Status.ObservedGeneration = 1
	s.pod(endedAgo(137, time.Second), cleanedUp(5*time.Second))
	gone := given().job().phase(v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
	gone.Execution.Status = Decide(s.Observation).Status
	status := Decide(gone.decides(batchv1.JobFailed, "BackoffLimitExceeded", 0).Observation).Status
	if status.Phase != v1alpha1.PhaseFailed || status.Reason != v1alpha1.ReasonDisrupted {
		t.Errorf("ended as %s/%s: %s", status.Phase, status.Reason, status.Message)
	}
}
