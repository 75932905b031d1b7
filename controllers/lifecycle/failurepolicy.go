// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// policyAction returns the action of a Job's podFailurePolicy for a failed pod, or empty if no rule matches. The first
// matching rule decides, as in the Job controller (KEP-3329; pkg/controller/job/pod_failure_policy.go).
func policyAction(job *batchv1.Job, pod *corev1.Pod) batchv1.PodFailurePolicyAction {
	if job == nil || job.Spec.PodFailurePolicy == nil {
		return ""
	}
	for i := range job.Spec.PodFailurePolicy.Rules {
		rule := &job.Spec.PodFailurePolicy.Rules[i]
		if rule.OnExitCodes != nil && exitCodeMatches(rule.OnExitCodes, pod) || slices.ContainsFunc(rule.OnPodConditions, func(p batchv1.PodFailurePolicyOnPodConditionsPattern) bool {
			return conditionMatches(p, pod)
		}) {
			return rule.Action
		}
	}
	return ""
}

// exitCodeMatches judges the containers that failed: exit code 0 never matches.
func exitCodeMatches(rule *batchv1.PodFailurePolicyOnExitCodesRequirement, pod *corev1.Pod) bool {
	return slices.ContainsFunc(containersOf(pod), func(s corev1.ContainerStatus) bool {
		end := s.State.Terminated
		if end == nil || end.ExitCode == 0 || rule.ContainerName != nil && *rule.ContainerName != s.Name {
			return false
		}
		return slices.Contains(rule.Values, end.ExitCode) == (rule.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn)
	})
}

func conditionMatches(pattern batchv1.PodFailurePolicyOnPodConditionsPattern, pod *corev1.Pod) bool {
	want := pattern.Status
	if want == "" {
		want = corev1.ConditionTrue // the API server's default
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == pattern.Type && c.Status == want
	})
}
