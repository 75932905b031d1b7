// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: "run", Labels: map[string]string{"a": "b"}, Finalizers: []string{"f"},
		Annotations:   map[string]string{"a": "b", lastApplied: "{...}"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
	}
}

func slimmed() metav1.ObjectMeta {
	m := meta()
	m.ManagedFields = nil
	delete(m.Annotations, lastApplied)
	return m
}

// The caches keep the fields that decisions need, and drop the large ones.
func TestCachesAreSlim(t *testing.T) {
	always := ptr.To(corev1.ContainerRestartPolicyAlways)
	container := corev1.Container{Name: "main", RestartPolicy: always, TerminationMessagePolicy: corev1.TerminationMessageReadFile}
	large := container
	large.Image, large.Env = "busybox:1.37", []corev1.EnvVar{{Name: "A", Value: "B"}}

	pod := &corev1.Pod{ObjectMeta: meta()}
	pod.Spec = corev1.PodSpec{
		NodeName: "node", RestartPolicy: corev1.RestartPolicyNever, Volumes: []corev1.Volume{{Name: "v"}},
		InitContainers: []corev1.Container{large}, Containers: []corev1.Container{large}, EphemeralContainers: make([]corev1.EphemeralContainer, 1),
		ActiveDeadlineSeconds: ptr.To[int64](1), TerminationGracePeriodSeconds: ptr.To[int64](30),
	}
	status := corev1.ContainerStatus{Name: "main", ContainerID: "c", Image: "busybox:1.37", ImageID: "sha256:1", Resources: &corev1.ResourceRequirements{}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	slimPodWant := pod.DeepCopy()
	slimPodWant.ObjectMeta = slimmed()
	slimPodWant.Spec.Volumes = nil
	slimPodWant.Spec.InitContainers, slimPodWant.Spec.Containers = []corev1.Container{container}, []corev1.Container{container}
	slimPodWant.Status.ContainerStatuses[0].ImageID, slimPodWant.Status.ContainerStatuses[0].Resources = "", nil

	job := &batchv1.Job{ObjectMeta: meta()}
	job.Spec.Parallelism = ptr.To[int32](1)
	job.Spec.Template.Labels = map[string]string{"a": "b"}
	job.Spec.Template.Spec.Containers = []corev1.Container{large}
	job.Status.Succeeded = 1
	slimJobWant := job.DeepCopy()
	job.Status.Active, job.Status.Ready, job.Status.Terminating = 1, ptr.To[int32](1), ptr.To[int32](1)
	job.Status.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
	job.Status.StartTime = &metav1.Time{Time: time.Unix(1, 0)}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobSuccessCriteriaMet}, {Type: batchv1.JobComplete}, {Type: batchv1.JobFailureTarget}}
	slimJobWant.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete}}
	slimJobWant.ObjectMeta = slimmed()
	slimJobWant.Spec.Template = corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}}}}

	choosy, slimChoosy := job.DeepCopy(), slimJobWant.DeepCopy()
	choosy.Spec.PodFailurePolicy, slimChoosy.Spec.PodFailurePolicy = &batchv1.PodFailurePolicy{}, &batchv1.PodFailurePolicy{}
	slimChoosy.Status.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}

	several, slimSeveral := job.DeepCopy(), slimJobWant.DeepCopy()
	several.Spec.Parallelism, slimSeveral.Spec.Parallelism = ptr.To[int32](2), ptr.To[int32](2)
	slimSeveral.Status.Conditions = several.Status.Conditions
	restarting, slimRestarting := job.DeepCopy(), slimJobWant.DeepCopy()
	restarting.Spec.Template.Spec.RestartPolicy, slimRestarting.Status.Conditions = corev1.RestartPolicyOnFailure, restarting.Status.Conditions

	begun, slimBegun := job.DeepCopy(), slimJobWant.DeepCopy()
	begun.Status.Conditions, slimBegun.Status.Conditions = begun.Status.Conditions[:1], nil
	resumed, slimResumed := begun.DeepCopy(), slimBegun.DeepCopy()
	resumed.Status.Conditions = append(resumed.Status.Conditions, batchv1.JobCondition{Type: batchv1.JobSuspended})
	slimResumed.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobSuspended}}
	slimResumed.Status.StartTime = resumed.Status.StartTime

	running := &v1alpha1.TaskExecution{ObjectMeta: meta()}
	running.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(`{}`)}
	running.Status.Phase = v1alpha1.PhaseRunning
	running.Status.Logs = []v1alpha1.LogEntry{{Message: "line"}}
	running.Status.LogSummary = &v1alpha1.LogSummary{Entries: 1}
	slimRunning := running.DeepCopy()
	slimRunning.ObjectMeta, slimRunning.Status.Logs, slimRunning.Spec.Params = metav1.ObjectMeta{Name: "run"}, nil, nil
	queued := running.DeepCopy()
	queued.Status.Phase, queued.Size = v1alpha1.PhaseQueued, 100_000
	queued.OwnerReferences = []metav1.OwnerReference{{Name: "owner"}}
	slimQueued := slimRunning.DeepCopy()
	slimQueued.Status.Phase, slimQueued.Size = v1alpha1.PhaseQueued, 100_000
	ended := running.DeepCopy()
	ended.Status.Phase = v1alpha1.PhaseCompleted
	slimEnded := slimRunning.DeepCopy()
	slimEnded.Status.Phase = v1alpha1.PhaseCompleted

	over := ended.DeepCopy()
	over.Status.Message, over.Status.Pods = "over", []v1alpha1.PodMirror{{Name: "pod"}}
	over.Status.Completions, over.Status.Suspension = &v1alpha1.Completions{}, &v1alpha1.Suspension{}
	over.Status.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionSucceeded, Status: metav1.ConditionTrue, Message: "over"},
		{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete", Message: "all of it"},
	}
	slimOver := slimEnded.DeepCopy()
	slimOver.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionTrue, Reason: "Complete"}}
	changed := over.DeepCopy()
	changed.Generation++
	slimChanged := changed.DeepCopy()
	slimChanged.ObjectMeta, slimChanged.Status.Logs, slimChanged.Spec.Params = metav1.ObjectMeta{Name: "run", Generation: 1}, nil, nil

	for name, c := range map[string]struct {
		transform func(any) (any, error)
		in, want  client.Object
	}{
		"a pod": {slimPod, pod, slimPodWant},
		"a job": {slimJob, job, slimJobWant},
		"a job that has begun, which is like one that has not": {slimJob, begun, slimBegun},
		"a job that was resumed":                               {slimJob, resumed, slimResumed},
		"a job whose pods may not count":                       {slimJob, choosy, slimChoosy},
		"a job with several pods at once":                      {slimJob, several, slimSeveral},
		"a job whose pod restarts its containers":              {slimJob, restarting, slimRestarting},
		"a run":              {slimExecution, running, slimRunning},
		"a run that waits":   {slimExecution, queued, slimQueued},
		"a run that ended":   {slimExecution, ended, slimEnded},
		"a run with its log": {slimExecution, over, slimOver},
		"a run with its log and an unreported change": {slimExecution, changed, slimChanged},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.transform(c.in)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
		})
	}
	for name, transform := range map[string]func(any) (any, error){"pods": slimPod, "jobs": slimJob, "executions": slimExecution} {
		if got, err := transform("something else"); got != "something else" || err != nil {
			t.Errorf("%s: what is something else became %v, %v", name, got, err)
		}
	}
}
