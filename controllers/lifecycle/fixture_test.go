// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// scene builds an observation at noon of an execution that was created a minute before.
type scene struct{ Observation }

func given() *scene {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: "run", UID: "execution-uid", Generation: 1, CreationTimestamp: metav1.NewTime(noon.Add(-time.Minute)),
	}}
	execution.Spec.TaskRef.Name = "sync"
	task := &v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "sync", UID: "task-uid", Generation: 7}}
	task.Spec.StartTimeout = &metav1.Duration{Duration: 5 * time.Minute}
	task.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "busybox"}}
	return &scene{Observation{
		Now: noon, Options: Options{StartTimeout: 5 * time.Minute, ImagePullGrace: time.Minute}, Execution: execution, Task: task,
		Log: LogState{Read: true, Drained: true},
	}}
}

func (s *scene) task(change func(*v1alpha1.TaskSpec)) *scene {
	change(&s.Task.Spec)
	return s
}

func (s *scene) timeout(d time.Duration) *scene {
	return s.task(func(spec *v1alpha1.TaskSpec) { spec.Timeout = &metav1.Duration{Duration: d} })
}

func (s *scene) params(text string) *scene {
	s.Execution.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(text)}
	return s
}

func (s *scene) cancelled() *scene {
	s.Execution.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "enough", RequestedBy: "ann"}
	return s
}

// job adds a Job that was created half a minute ago and that the status names.
func (s *scene) job() *scene {
	job, err := jobspec.Build(s.Task, s.Execution, []byte("{}"))
	if err != nil {
		panic(err) // the fixture is wrong
	}
	job.UID = "job-uid"
	job.CreationTimestamp = metav1.NewTime(noon.Add(-30 * time.Second))
	s.Job = job
	s.Execution.Status.Phase = v1alpha1.PhasePending
	s.Execution.Status.Job = &v1alpha1.JobIdentity{Name: job.Name, UID: job.UID}
	return s
}

func (s *scene) phase(p v1alpha1.Phase, reason string) *scene {
	s.Execution.Status.Phase, s.Execution.Status.Reason = p, reason
	return s
}

// jobEnds adds the Job's final condition.
func (s *scene) jobEnds(t batchv1.JobConditionType, reason string) *scene {
	s.Job.Status.Conditions = append(s.Job.Status.Conditions, batchv1.JobCondition{Type: t, Status: corev1.ConditionTrue, Reason: reason, Message: "in its words"})
	return s
}

// counted sets how many pods the Job has counted.
func (s *scene) counted(succeeded, failed int32) *scene {
	s.Job.Status.Succeeded, s.Job.Status.Failed = succeeded, failed
	return s
}

func (s *scene) pod(changes ...func(*corev1.Pod)) *scene {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: "run-" + string(rune('a'+len(s.Pods))), UID: types.UID("pod-" + string(rune('a'+len(s.Pods)))),
	}}
	pod.Spec.TerminationGracePeriodSeconds = ptr.To[int64](10)
	pod.Status.Phase = corev1.PodPending
	for _, change := range changes {
		change(pod)
	}
	s.Pods = append(s.Pods, pod)
	return s
}

func onNode(pod *corev1.Pod) { pod.Spec.NodeName = "node" }

func containerIs(pod *corev1.Pod, state corev1.ContainerState) {
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", Image: "busybox", State: state}}
}

// runningFor is a pod on a node whose container started some time ago.
func runningFor(d time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		onNode(pod)
		pod.Status.Phase = corev1.PodRunning
		containerIs(pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon.Add(-d))}})
	}
}

// exited ends the container with a code, one second ago after ten seconds.
func exited(code int32) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		onNode(pod)
		pod.Status.Phase = corev1.PodSucceeded
		if code != 0 {
			pod.Status.Phase = corev1.PodFailed
		}
		containerIs(pod, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: "Error", StartedAt: metav1.NewTime(noon.Add(-11 * time.Second)), FinishedAt: metav1.NewTime(noon.Add(-time.Second)),
		}})
	}
}

// stillRunning is a pod whose end the kubelet has not reported yet, although the containers may have ended.
func stillRunning(pod *corev1.Pod) { pod.Status.Phase = corev1.PodRunning }

// marked adds our annotation: we ended the pod some time ago, for a reason.
func marked(reason string, ago time.Duration) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, v1alpha1.AnnotationEnded, EndMark(reason, noon.Add(-ago)))
	}
}

// killed is a pod that the kubelet ended at its deadline.
func killed(pod *corev1.Pod) {
	pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, podDeadlineExceeded
}

func waiting(reason string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		containerIs(pod, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "why"}})
	}
}

// indexed sets the completion index of a pod.
func indexed(index int32) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, batchv1.JobCompletionIndexAnnotation, fmt.Sprint(index))
	}
}

// several gives the Job indexed completions and a parallelism.
func (s *scene) several(completions, parallelism int32) *scene {
	s.Job.Spec.Completions, s.Job.Spec.Parallelism = &completions, &parallelism
	s.Job.Spec.CompletionMode = ptr.To(batchv1.IndexedCompletion)
	return s
}

// startedBefore sets the start time in the status.
func startedBefore(s *scene, ago time.Duration) *scene {
	s.Execution.Status.StartTime = ptr.To(metav1.NewTime(noon.Add(-ago)))
	s.Execution.Status.Attempts = 1
	return s
}

// notStartedInTime makes the Job so old that the start clock has expired.
func notStartedInTime(s *scene) *scene {
	s.Job.CreationTimestamp = metav1.NewTime(noon.Add(-5 * time.Minute))
	return s
}
