// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// CacheOptions returns the options of the manager's caches. They keep only our own Jobs and pods, and only the fields
// that are read. They watch the given namespaces, or all if none is given.
func CacheOptions(namespaces ...string) (cache.Options, error) {
	ours, err := labels.NewRequirement(v1alpha1.LabelExecutionUID, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting what is ours: %w", err)
	}
	selector := labels.NewSelector().Add(*ours)
	options := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&batchv1.Job{}:            {Label: selector, Transform: slimJob},
			&corev1.Pod{}:             {Label: selector, Transform: slimPod},
			&v1alpha1.TaskExecution{}: {Transform: slimExecution},
		},
	}
	for _, namespace := range namespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options, nil
}

// slimExecution drops all fields of an execution that no decision reads, which bounds its size in bytes: thousands of
// executions may wait at once, and their authors choose how large the rest is. Logs and result are never read. Params,
// labels, annotations, owners and finalizers are read from the API server if needed: once when the execution is new,
// and once when its Job is built. Never write a cached execution back as a whole. Its status may be written: the API
// server ignores everything else in that request.
func slimExecution(object any) (any, error) {
	if execution, ok := object.(*v1alpha1.TaskExecution); ok {
		execution.Status.Logs, execution.Status.Result = nil, nil
		execution.Spec.Params = nil
		execution.Labels, execution.OwnerReferences, execution.Finalizers = nil, nil, nil
		execution.Annotations = slimAnnotations(execution.Annotations)
		if lifecycle.LogIsFinal(execution) && execution.Status.ObservedGeneration == execution.Generation {
			slimRecord(&execution.Status)
		}
		slimMeta(execution)
	}
	return object, nil
}

// slimAnnotations keeps the only annotation that is read from a cache.
func slimAnnotations(annotations map[string]string) map[string]string {
	if value, found := annotations[v1alpha1.AnnotationForget]; found {
		return map[string]string{v1alpha1.AnnotationForget: value}
	}
	return nil
}

// slimRecord drops the status fields that a finished run no longer needs: its Task and the clean-up read only the rest.
func slimRecord(status *v1alpha1.TaskExecutionStatus) {
	captured := *apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionLogsCaptured)
	captured.Message = ""
	status.Conditions = []metav1.Condition{captured}
	status.Origin = ""
	status.Pods, status.Message, status.Completions, status.Suspension = nil, "", nil, nil
}

// slimJob keeps only the names of the containers of a Job's template, because the pods have the rest. The controller
// creates and deletes Jobs, and never updates one.
func slimJob(object any) (any, error) {
	if job, ok := object.(*batchv1.Job); ok {
		containers := job.Spec.Template.Spec.Containers
		decides := decidesBeforeItEnds(job)
		job.Spec.Template = corev1.PodTemplateSpec{}
		for i := range containers {
			job.Spec.Template.Spec.Containers = append(job.Spec.Template.Spec.Containers, corev1.Container{Name: containers[i].Name})
		}
		job.Status.Active, job.Status.Ready, job.Status.Terminating = 0, nil, nil // the pods have these figures
		slimConditions(&job.Status, decides)
		if job.Spec.PodFailurePolicy == nil {
			job.Status.UncountedTerminatedPods = nil // the counters are enough
		}
		slimMeta(job)
	}
	return object, nil
}

// decidesBeforeItEnds reports whether a Job may still have running pods when it has decided how it ends: pods beside
// the deciding one, or one that restarts its containers in place.
func decidesBeforeItEnds(job *batchv1.Job) bool {
	several := job.Spec.Parallelism != nil && *job.Spec.Parallelism > 1
	return several || job.Spec.Template.Spec.RestartPolicy == corev1.RestartPolicyOnFailure
}

// slimConditions keeps the conditions that announce how a Job will end only if it may still have pods then. Of the
// start time it keeps only what shows when the Job was resumed.
func slimConditions(status *batchv1.JobStatus, decides bool) {
	var kept []batchv1.JobCondition
	resumed := false
	for _, c := range status.Conditions {
		if decides || c.Type != batchv1.JobSuccessCriteriaMet && c.Type != batchv1.JobFailureTarget {
			kept = append(kept, c)
			resumed = resumed || c.Type == batchv1.JobSuspended
		}
	}
	status.Conditions = kept
	if !resumed {
		status.StartTime = nil
	}
}

// slimPod keeps the fields of a pod's spec that are needed to read its status. The controller patches pods, and never
// updates one.
func slimPod(object any) (any, error) {
	if pod, ok := object.(*corev1.Pod); ok {
		s := &pod.Spec
		pod.Spec = corev1.PodSpec{
			NodeName: s.NodeName, RestartPolicy: s.RestartPolicy, EphemeralContainers: make([]corev1.EphemeralContainer, len(s.EphemeralContainers)),
			InitContainers: slimContainers(s.InitContainers), Containers: slimContainers(s.Containers),
			ActiveDeadlineSeconds: s.ActiveDeadlineSeconds, TerminationGracePeriodSeconds: s.TerminationGracePeriodSeconds,
		}
		for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
			for i := range statuses {
				status := &statuses[i]
				status.Resources, status.AllocatedResources, status.AllocatedResourcesStatus = nil, nil, nil
				status.VolumeMounts, status.User, status.ImageID = nil, nil, ""
			}
		}
		slimMeta(pod)
	}
	return object, nil
}

func slimContainers(containers []corev1.Container) []corev1.Container {
	slim := make([]corev1.Container, len(containers))
	for i := range containers {
		c := &containers[i]
		slim[i] = corev1.Container{Name: c.Name, RestartPolicy: c.RestartPolicy, TerminationMessagePolicy: c.TerminationMessagePolicy}
	}
	return slim
}

// lastApplied is kubectl's copy of the whole manifest.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func slimMeta(object client.Object) {
	object.SetManagedFields(nil)
	delete(object.GetAnnotations(), lastApplied)
}
