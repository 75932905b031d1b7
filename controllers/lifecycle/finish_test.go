// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// alsoEnded adds another container that ended.
func alsoEnded(name string, code int32) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, containerEnded(name, code))
	}
}

// initEnded adds the init container "prepare", which ended.
func initEnded(code int32) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, containerEnded("prepare", code))
	}
}

func containerEnded(name string, code int32) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, Reason: "Error", StartedAt: metav1.NewTime(noon.Add(-12 * time.Second)), FinishedAt: metav1.NewTime(noon.Add(-11 * time.Second)),
	}}}
}

// disruptedBy sets the DisruptionTarget condition of a pod with a reason.
func disruptedBy(reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: reason})
	}
}

func reasonIs(reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) { pod.Status.Reason = reason }
}

func TestWhyAJobFailed(t *testing.T) {
	failed := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().pod(changes...).counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded")
	}
	table{
		"the container of the task":                         {failed(exited(3)), "Failed/NonZeroExit", `container "main" ended with exit code 3`},
		"a signal":                                          {failed(exited(137)), "Failed/NonZeroExit", "exit code 137"},
		"another container":                                 {failed(exited(0), alsoEnded("helper", 5)), "Failed/NonZeroExit", `container "helper" ended with exit code 5`},
		"the task's container before another":               {failed(exited(3), alsoEnded("helper", 5)), "Failed/NonZeroExit", `container "main" ended with exit code 3`},
		"an init container, after which nothing ran":        {failed(onNode, phase(corev1.PodFailed), initEnded(4)), "Failed/NonZeroExit", `container "prepare" ended with exit code 4`},
		"nothing that the pod knows of":                     {failed(exited(0), phase(corev1.PodFailed)), "Failed/JobFailed", "BackoffLimitExceeded: in its words"},
		"the last attempt, not the first":                   {failed(exited(3)).pod(exited(4)), "Failed/NonZeroExit", "exit code 4"},
		"a taint":                                           {failed(exited(143), disruptedBy("DeletionByTaintManager")), "Failed/Evicted", "pod run-a was ended by the platform: DeletionByTaintManager"},
		"a node that ran out of memory":                     {failed(exited(137), reasonIs("Evicted")), "Failed/Evicted", "Evicted"},
		"a disruption that was called off":                  {failed(exited(3), calledOff), "Failed/NonZeroExit", ""},
		"the Job's own clock goes before what the pod says": {given().job().pod(exited(143)).jobEnds(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded), "Failed/DeadlineExceeded", "in its words"},
		"a policy of the template":                          {given().job().jobEnds(batchv1.JobFailed, batchv1.JobReasonPodFailurePolicy), "Failed/JobFailed", "PodFailurePolicy: in its words"},
		"the start clock, from the Job":                     {failed(onNode, killed, marked("StartTimeout", time.Second)), "Failed/StartTimeout", ""},
		"a pod's own deadline is not ours":                  {failed(exited(143), killed), "Failed/PodDeadlineExceeded", "activeDeadlineSeconds"},
	}.run(t)
}

func calledOff(pod *corev1.Pod) {
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionFalse, Reason: "PreemptionByScheduler"}}
}

func TestJobConditionsThatAreNotTrueEndNothing(t *testing.T) {
	s := given().job().pod(runningFor(time.Second))
	for _, conditionType := range []batchv1.JobConditionType{batchv1.JobComplete, batchv1.JobFailed} {
		s.Job.Status.Conditions = append(s.Job.Status.Conditions, batchv1.JobCondition{Type: conditionType, Status: corev1.ConditionFalse})
	}
	s.jobEnds(batchv1.JobSuspended, "").jobEnds(batchv1.JobSuccessCriteriaMet, "")
	table{"a Job that says what is not": {s, "Running/ContainerStarted", ""}}.run(t)
}

func TestConclude(t *testing.T) {
	read := LogState{Read: true, Drained: true}
	readFor := func(d time.Duration) LogState { return LogState{Read: true, Drained: true, Waited: d} }
	halfReported := func(pod *corev1.Pod) {
		runningFor(time.Minute)(pod)
		killed(pod)
	}
	lost := func(pod *corev1.Pod) {
		halfReported(pod)
		pod.Status.Reason = podNodeLost
	}
	preparing := func(pod *corev1.Pod) {
		halfReported(pod)
		pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses = pod.Status.ContainerStatuses, nil
	}
	helping := func(pod *corev1.Pod) {
		halfReported(pod)
		pod.Status.ContainerStatuses[0].Name = "helper"
	}
	for name, c := range map[string]struct {
		log  LogState
		pod  func(*corev1.Pod)
		held time.Duration
	}{
		"a log that is read":                                     {read, exited(1), 0},
		"a log that was given up":                                {LogState{GaveUp: v1alpha1.ReasonLogsPodGone}, exited(1), 0},
		"a log on its way":                                       {LogState{}, exited(1), drainGrace},
		"a log on its way for a while":                           {LogState{Waited: drainGrace - time.Millisecond}, exited(1), time.Millisecond},
		"a log that has been long on its way":                    {LogState{Waited: drainGrace}, exited(1), 0},
		"a pod that ended before its container":                  {read, halfReported, reportGrace},
		"a pod that ended before its init container":             {read, preparing, reportGrace},
		"a pod whose container's end is overdue":                 {readFor(reportGrace), halfReported, 0},
		"a node that is lost reports no more":                    {read, lost, 0},
		"another container is not waited for":                    {read, helping, 0},
		"a pod that still runs is waited for by others":          {read, runningFor(time.Minute), 0},
		"a log on its way, and a pod ended before its container": {LogState{Waited: drainGrace}, halfReported, reportGrace - drainGrace},
	} {
		t.Run(name, func(t *testing.T) {
			s := given().job().pod(c.pod)
			s.Log = c.log
			got := conclude(&s.Observation, gather(&s.Observation), fail("Any", "message"))
			if got.hold != (c.held > 0) || got.requeue != c.held || (!got.hold && got.reason != "Any") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestJobOfAFinishedRun(t *testing.T) {
	finished := func(phase v1alpha1.Phase, reason string) *scene {
		s := given().job().pod(exited(1)).phase(phase, reason)
		s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon))
		s.Execution.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete"}}
		return s
	}
	table{
		"one that finished under a cancel goes":     {finished(v1alpha1.PhaseCancelled, v1alpha1.ReasonFinishedWhileCancelling), "Cancelled/FinishedWhileCancelling delete-job", ""},
		"one that did not start in time goes":       {finished(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout), "Failed/StartTimeout delete-job", ""},
		"one that is going is not told to go":       {deletingJob(finished(v1alpha1.PhaseFailed, v1alpha1.ReasonStartTimeout)), "Failed/StartTimeout", ""},
		"one that is gone is not told to go":        {lose(finished(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)), "Cancelled/Cancelled", ""},
		"one that completed stays":                  {finished(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted), "Completed/Completed", ""},
		"one whose execution is deleted goes by GC": {deleting(finished(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled)), "Cancelled/Cancelled", ""},
	}.run(t)
}

// The execution keeps the record of a run. Its Job and pods are needed only for a while.
func TestJobOfARunThatEndedByItselfGoes(t *testing.T) {
	finished := func(settledAgo time.Duration, archived bool) *scene {
		s := given().job().pod(exited(0)).phase(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
		s.Options.KeepJob, s.Options.KeepUnarchivedJob = time.Minute, time.Hour
		s.Execution.Status.ObservedGeneration = s.Execution.Generation
		s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon.Add(-settledAgo)))
		s.Execution.Status.LogSummary = &v1alpha1.LogSummary{Complete: true, Archived: archived}
		s.Execution.Status.Conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete", LastTransitionTime: metav1.NewTime(noon.Add(-settledAgo)),
		}}
		return s
	}
	with := func(s *scene, change func(*scene)) *scene {
		change(s)
		return s
	}
	table{
		"archived just now":             {finished(0, true), "Completed/Completed in 1m0s", ""},
		"archived a while ago":          {finished(50*time.Second, true), "Completed/Completed in 10s", ""},
		"archived a minute ago":         {finished(time.Minute, true), "Completed/Completed delete-job", ""},
		"not archived":                  {finished(time.Minute, false), "Completed/Completed in 59m0s", ""},
		"not archived, an hour ago":     {finished(time.Hour, false), "Completed/Completed delete-job", ""},
		"archived, but not whole":       {with(finished(time.Minute, true), func(s *scene) { s.Execution.Status.LogSummary.Complete = false }), "Completed/Completed in 59m0s", ""},
		"the template says how long":    {with(finished(time.Hour, true), func(s *scene) { s.Job.Spec.TTLSecondsAfterFinished = ptr.To[int32](600) }), "Completed/Completed", ""},
		"it is going already":           {deletingJob(finished(time.Hour, true)), "Completed/Completed", ""},
		"it is gone, which is no loss":  {lose(finished(time.Hour, true)), "Completed/Completed", ""},
		"whose operator keeps all Jobs": {with(finished(time.Hour, true), func(s *scene) { s.Options.KeepJob = 0 }), "Completed/Completed", ""},
		"whose log is still being read": {with(finished(time.Hour, true), func(s *scene) {
			s.Execution.Status.Conditions[0].Status, s.Log = metav1.ConditionUnknown, LogState{}
		}), "Completed/Completed", ""},
		"whose execution goes": {deleting(finished(time.Hour, true)), "Completed/Completed", ""},
	}.run(t)
}

// kstatus treats a status of an older generation as outdated.
func TestSpecThatChangesAfterTheEndIsSeen(t *testing.T) {
	s := given().cancelled().job().pod(exited(0)).phase(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon))
	s.Execution.Status.ObservedGeneration, s.Execution.Generation = 1, 2
	s.Execution.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete"}}
	status := Decide(s.Observation).Status
	if status.ObservedGeneration != 2 || status.Phase != v1alpha1.PhaseCompleted {
		t.Errorf("%s of generation %d", status.Phase, status.ObservedGeneration)
	}
	s.Execution.Status = status
	s.Now = noon.Add(time.Hour)
	if again := Decide(s.Observation).Status; !equality.Semantic.DeepEqual(again, status) {
		t.Errorf("it is written again: %+v", again)
	}
}
