// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestRetryOnDisruption(t *testing.T) {
	ours := batchv1.PodFailurePolicyRule{
		Action:          batchv1.PodFailurePolicyActionIgnore,
		OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}},
	}
	theirs := batchv1.PodFailurePolicyRule{
		Action:      batchv1.PodFailurePolicyActionFailJob,
		OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: []int32{42}},
	}
	for name, c := range map[string]struct {
		retry    bool
		template *batchv1.PodFailurePolicy
		want     *batchv1.PodFailurePolicy
	}{
		"not asked for":                   {false, nil, nil},
		"not asked for, the template's":   {false, &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{theirs}}, &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{theirs}}},
		"asked for":                       {true, nil, &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{ours}}},
		"asked for, after the template's": {true, &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{theirs}}, &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{theirs, ours}}},
	} {
		t.Run(name, func(t *testing.T) {
			task := aTask()
			task.Spec.RetryOnDisruption, task.Spec.JobTemplate.Spec.PodFailurePolicy = c.retry, c.template
			before := task.Obj()
			job := build(t, task, anExecution(), `{}`)
			if diff := cmp.Diff(c.want, job.Spec.PodFailurePolicy); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(before, task.Obj()); diff != "" {
				t.Errorf("the Task, which is the cache's, was changed:\n%s", diff)
			}
		})
	}
}
