// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/tracking"
)

// backstopMargin is how much later than our own clocks the Job's activeDeadlineSeconds ends a run. It matters only
// while no controller runs.
const backstopMargin = time.Minute

// minTTLSeconds is the shortest ttlSecondsAfterFinished of a Job. A controller may be unavailable for a while. With a
// shorter TTL, the Job could be deleted before its end and its log are recorded, and the run would be JobLost.
const minTTLSeconds = 600

// Build returns the Job of a run. effective are its params: valid, with defaults, a JSON object, and without the
// sensitive ones, which the execution names. Build returns a *CommandLineError if the template puts a parameter into a
// command line. It returns another error if params are not a JSON object, if the Task's parameters are not a JSON
// Schema, or if the Job would be too large for the API server.
func Build(task *v1alpha1.Task, execution *v1alpha1.TaskExecution, effective []byte) (*batchv1.Job, error) {
	if err := checkCommandLines(task); err != nil {
		return nil, err
	}
	if err := CheckAllowed(task, execution); err != nil {
		return nil, err
	}
	env, err := environmentOf(task, execution, effective)
	if err != nil {
		return nil, err
	}
	snapshot := SnapshotFor(task, execution)
	frozen, err := json.Marshal(snapshot)
	if err != nil {
		return nil, fmt.Errorf("encoding the snapshot: %w", err)
	}

	template := task.Spec.JobTemplate.DeepCopy()
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   execution.Namespace,
			Name:        JobName(execution.Name, execution.UID),
			Labels:      template.Labels,
			Annotations: template.Annotations,
			OwnerReferences: []metav1.OwnerReference{
				*metav1.NewControllerRef(execution, v1alpha1.GroupVersion.WithKind("TaskExecution")),
			},
		},
		Spec: template.Spec,
	}
	mark(job, task, execution, snapshot)
	job.Annotations[v1alpha1.AnnotationLimits] = string(frozen)
	delete(job.Annotations, v1alpha1.AnnotationSeal) // only the creator of the Job can set it

	applyDefaults(&job.Spec, task, snapshot)
	pod := &job.Spec.Template.Spec
	for i := range pod.InitContainers {
		pod.InitContainers[i].Env = withEnvironment(env, pod.InitContainers[i].Env)
	}
	for i := range pod.Containers {
		pod.Containers[i].Env = withEnvironment(env, pod.Containers[i].Env)
	}
	if err := checkSize(job, len(effective)); err != nil {
		return nil, err
	}
	return job, nil
}

// mark adds to a Job and its pods which run they belong to and how their log is read. It removes such marks from the
// template.
func mark(job *batchv1.Job, task *v1alpha1.Task, execution *v1alpha1.TaskExecution, snapshot Snapshot) {
	untrack(job)
	ungenerate(job)
	identify(&job.ObjectMeta, execution)
	identify(&job.Spec.Template.ObjectMeta, execution)
	trace(&job.ObjectMeta, execution)
	trace(&job.Spec.Template.ObjectMeta, execution)
	carry(job, task, execution)
	if queue := execution.Labels[v1alpha1.LabelKueueQueue]; queue != "" && job.Labels[v1alpha1.LabelKueueQueue] == "" {
		job.Labels[v1alpha1.LabelKueueQueue] = queue
	}
	pods := job.Spec.Template.Annotations
	pods[v1alpha1.AnnotationLogContainer] = snapshot.Container
	delete(pods, v1alpha1.AnnotationLogArchive)
	if snapshot.Archive != "" {
		pods[v1alpha1.AnnotationLogArchive] = string(snapshot.Archive)
	}
}

// environmentOf returns the variables that each container of a run gets in addition to the template's.
func environmentOf(task *v1alpha1.Task, execution *v1alpha1.TaskExecution, effective []byte) ([]corev1.EnvVar, error) {
	schema, err := params.Of(task)
	if err != nil {
		return nil, err
	}
	env, err := environment(schema, task.Name, execution.Name, effective)
	if err != nil {
		return nil, err
	}
	env = withEnvironment(secretEnvironment(schema, execution.Spec.SecretParams), env)
	return append(env, traceEnvironment(execution)...), nil
}

// untrack removes from the template the marks of tools that apply manifests. With such a mark, the Job would look like
// an applied object that is missing from Git, and the tool would prune it. Pods keep Argo CD's label, because people
// select pods by it, and no such tool prunes what a Job owns.
func untrack(job *batchv1.Job) {
	pods := &job.Spec.Template.ObjectMeta
	job.Labels, job.Annotations = tracking.Without(job.Labels), tracking.Without(job.Annotations)
	pods.Labels, pods.Annotations = tracking.Without(pods.Labels), tracking.Without(pods.Annotations)
	delete(job.Labels, tracking.LabelInstance)
	delete(job.Annotations, tracking.LabelInstance)
}

// identify adds to an object which run it belongs to.
func identify(meta *metav1.ObjectMeta, execution *v1alpha1.TaskExecution) {
	metav1.SetMetaDataLabel(meta, v1alpha1.LabelTask, LabelValue(execution.Spec.TaskRef.Name))
	metav1.SetMetaDataLabel(meta, v1alpha1.LabelExecution, LabelValue(execution.Name))
	metav1.SetMetaDataLabel(meta, v1alpha1.LabelExecutionUID, string(execution.UID))
	metav1.SetMetaDataAnnotation(meta, v1alpha1.AnnotationExecution, execution.Name)
	delete(meta.Annotations, v1alpha1.AnnotationEnded) // only the controller says that it ended a pod
}

// applyDefaults fills in what the template leaves open. By default a Job has one pod at a time: a replacement waits
// until the previous pod has ended (podReplacementPolicy, KEP-3939).
func applyDefaults(spec *batchv1.JobSpec, task *v1alpha1.Task, snapshot Snapshot) {
	if spec.Template.Spec.RestartPolicy == "" {
		spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	}
	if spec.BackoffLimit == nil && spec.BackoffLimitPerIndex == nil {
		spec.BackoffLimit = ptr.To(task.Spec.Retries)
	}
	if spec.PodReplacementPolicy == nil {
		spec.PodReplacementPolicy = ptr.To(batchv1.Failed)
	}
	if task.Spec.RetryOnDisruption {
		ignoreDisruptions(spec)
	}
	if spec.ActiveDeadlineSeconds == nil {
		spec.ActiveDeadlineSeconds = backstop(snapshot)
	}
	if ttl := spec.TTLSecondsAfterFinished; ttl != nil && *ttl < minTTLSeconds {
		spec.TTLSecondsAfterFinished = ptr.To[int32](minTTLSeconds)
	}
}

// ignoreDisruptions makes the Job replace a pod that the platform ended (KEP-3329). The first matching rule decides, so
// the template's own rules come first.
func ignoreDisruptions(spec *batchv1.JobSpec) {
	if spec.PodFailurePolicy == nil {
		spec.PodFailurePolicy = &batchv1.PodFailurePolicy{}
	}
	spec.PodFailurePolicy.Rules = append(spec.PodFailurePolicy.Rules, batchv1.PodFailurePolicyRule{
		Action:          batchv1.PodFailurePolicyActionIgnore,
		OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}},
	})
}

// IsBackstop reports whether an activeDeadlineSeconds of a Job is the one that Build sets if the template sets none.
func IsBackstop(seconds int64, snapshot Snapshot) bool {
	own := backstop(snapshot)
	return own != nil && *own == seconds
}

// backstop is a deadline for the whole Job, in seconds. It acts only while no controller runs. It is later than the run
// clock, because the Job's time includes scheduling and image pulls, and because a Job deletes its pods, with their
// logs, at its deadline.
func backstop(snapshot Snapshot) *int64 {
	if snapshot.Timeout == nil || snapshot.StartTimeout == nil {
		return nil
	}
	// The sum is computed in seconds as a float, because two long durations overflow a time.Duration.
	seconds := math.Ceil(snapshot.Timeout.Seconds() + snapshot.StartTimeout.Seconds() + backstopMargin.Seconds())
	return ptr.To(int64(min(seconds, math.MaxInt32)))
}
