// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The Job and its pods have the labels and annotations of the template, in addition to ours.
func TestCase30TemplateMetadataReachesJobAndPods(t *testing.T) {
	job := build(t, aTask().Job(func(j *batchv1.JobTemplateSpec) {
		j.Labels = map[string]string{"team": "data", v1alpha1.LabelTask: "forged"}
		j.Annotations = map[string]string{"owner": "ann"}
		j.Finalizers = []string{"example.com/keep"} // as in a CronJob; they are not the Job's
		j.Spec.Template.Labels = map[string]string{"app": "sync", v1alpha1.LabelExecutionUID: "forged"}
		j.Spec.Template.Annotations = map[string]string{"prometheus.io/scrape": "true"}
		j.Spec.Template.Finalizers = []string{"example.com/keep"}
	}), anExecution(), `{}`)
	pods := job.Spec.Template.ObjectMeta
	if job.Labels["team"] != "data" || job.Annotations["owner"] != "ann" || job.Finalizers != nil {
		t.Errorf("the Job has %+v", job.ObjectMeta)
	}
	if pods.Labels["app"] != "sync" || pods.Annotations["prometheus.io/scrape"] != "true" || len(pods.Finalizers) != 1 {
		t.Errorf("the pods have %+v", pods)
	}
	if job.Labels[v1alpha1.LabelTask] == "forged" || pods.Labels[v1alpha1.LabelExecutionUID] == "forged" {
		t.Error("the template says whose run it is")
	}
}

// A template that was copied from a live Job has generated fields. With them the API server would refuse our Job.
func TestCase30TemplateCopiedFromAJob(t *testing.T) {
	generated := func() map[string]string {
		return map[string]string{
			"app": "sync", "batch.kubernetes.io/controller-uid": "old", "batch.kubernetes.io/job-name": "old", "controller-uid": "old", "job-name": "old",
		}
	}
	copied := aTask().Job(func(j *batchv1.JobTemplateSpec) {
		j.Name, j.UID, j.ResourceVersion, j.Generation = "old", "old", "1", 1
		j.OwnerReferences = []metav1.OwnerReference{{Name: "cron", UID: "cron"}}
		j.Labels, j.Spec.Template.Labels = generated(), generated()
		j.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"batch.kubernetes.io/controller-uid": "old"}}
		j.Spec.ManualSelector = ptr.To(false)
	})
	plain := aTask().Job(func(j *batchv1.JobTemplateSpec) {
		j.Labels, j.Spec.Template.Labels = map[string]string{"app": "sync"}, map[string]string{"app": "sync"}
	})
	if diff := cmp.Diff(build(t, plain, anExecution(), `{}`), build(t, copied, anExecution(), `{}`)); diff != "" {
		t.Errorf("-without +with what the API server added:\n%s", diff)
	}
}
