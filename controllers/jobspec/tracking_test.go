// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"maps"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
)

// trackingMarks are marks of the tools that applied a Task, its execution or the origin of its template.
var trackingMarks = map[string]string{
	"app.kubernetes.io/instance":                       "app",
	"argocd.argoproj.io/instance":                      "app",
	"argocd.argoproj.io/tracking-id":                   "app:taskexec.dev/Task:team/user-space-sync",
	"kustomize.toolkit.fluxcd.io/name":                 "app",
	"kustomize.toolkit.fluxcd.io/namespace":            "flux-system",
	"helm.toolkit.fluxcd.io/name":                      "app",
	"meta.helm.sh/release-name":                        "app",
	"kubectl.kubernetes.io/last-applied-configuration": "{}",
}

func TestTrackingIsNotCopiedToChildren(t *testing.T) {
	task, execution := aTask(), anExecution()
	task.Labels, task.Annotations = maps.Clone(trackingMarks), maps.Clone(trackingMarks)
	execution.Labels, execution.Annotations = maps.Clone(trackingMarks), maps.Clone(trackingMarks)
	task.Job(func(j *batchv1.JobTemplateSpec) {
		j.Labels, j.Annotations = maps.Clone(trackingMarks), maps.Clone(trackingMarks)
		pods := &j.Spec.Template.ObjectMeta
		pods.Labels, pods.Annotations = maps.Clone(trackingMarks), maps.Clone(trackingMarks)
		pods.Labels["team"], pods.Annotations["prometheus.io/scrape"] = "a", "true"
	})
	job := build(t, task, execution, `{}`)
	pods := job.Spec.Template.ObjectMeta
	for where, values := range map[string]map[string]string{
		"the Job's labels": job.Labels, "the Job's annotations": job.Annotations, "the pods' labels": pods.Labels, "the pods' annotations": pods.Annotations,
	} {
		for key := range values {
			if _, mark := trackingMarks[key]; mark && !(strings.HasPrefix(where, "the pods'") && key == "app.kubernetes.io/instance") {
				t.Errorf("%s have %s", where, key)
			}
		}
	}
	if pods.Labels["team"] != "a" || pods.Labels["app.kubernetes.io/instance"] != "app" || pods.Annotations["prometheus.io/scrape"] != "true" {
		t.Errorf("the pods lost what selects them: %v %v", pods.Labels, pods.Annotations)
	}
	if len(task.Spec.JobTemplate.Labels) != len(trackingMarks) {
		t.Error("the Task, which is the cache's, was changed")
	}
}

func TestChangeName(t *testing.T) {
	for name, c := range map[string]struct {
		task       string
		generation int64
		want       string
	}{
		"short": {"sync", 3, "sync-" + hash("uid") + "-3"},
		"long":  {strings.Repeat("x", 253), 12, strings.Repeat("x", 49) + "-" + hash("uid") + "-12"},
		"a dot": {strings.Repeat("x", 48) + ".y", 12, strings.Repeat("x", 48) + "-" + hash("uid") + "-12"},
	} {
		got := ChangeName(c.task, "uid", c.generation)
		if got != c.want || len(got) > 63 {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
