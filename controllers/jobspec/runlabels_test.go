// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCheckRunLabels(t *testing.T) {
	for name, c := range map[string]struct{ key, value, says string }{
		"a word":                        {"team", "billing", ""},
		"an empty value":                {"urgent", "", ""},
		"a domain of one's own":         {"billing.example.com/invoice", "4711", ""},
		"a domain that only ends alike": {"mytaskexec.dev/a", "b", ""},
		"a queue, judged elsewhere":     {v1alpha1.LabelKueueQueue, "fast", ""},
		"an invalid queue":              {v1alpha1.LabelKueueQueue, "-", "alphanumeric"},
		"an empty key":                  {"", "a", "name part must be non-empty"},
		"a key that is no name":         {"a b", "a", "alphanumeric"},
		"a key with two slashes":        {"a/b/c", "a", "must consist of"},
		"a long key":                    {strings.Repeat("a", 64), "a", "no more than 63"},
		"a long value":                  {"a", strings.Repeat("a", 64), "no more than 63"},
		"a value with a line break":     {"a", "a\nb", "alphanumeric"},
		"Taskexec's":                    {v1alpha1.LabelExecutionUID, "forged", "belong to Taskexec"},
		"below Taskexec's":              {"x.taskexec.dev/a", "b", "belong to Taskexec"},
		"Kubernetes'":                   {"kubernetes.io/os", "linux", "belong to Kubernetes"},
		"below Kubernetes'":             {"batch.kubernetes.io/job-name", "x", "belong to Kubernetes"},
		"k8s.io's":                      {"k8s.io/a", "b", "belong to Kubernetes"},
		"below k8s.io":                  {"node.k8s.io/a", "b", "belong to Kubernetes"},
		"Kueue's priority":              {"kueue.x-k8s.io/priority-class", "high", "belong to Kubernetes"},
		"the Job controller's":          {"job-name", "x", "Kubernetes sets it on each Job"},
		"the Job controller's UID":      {"controller-uid", "x", "Kubernetes sets it on each Job"},
		"Argo CD's":                     {"argocd.argoproj.io/instance", "x", "would delete the Job"},
		"Flux's":                        {"kustomize.toolkit.fluxcd.io/name", "x", "would delete the Job"},
		"a Service's":                   {"app", "payments", "Services"},
	} {
		problems := CheckRunLabels(map[string]string{c.key: c.value, "other": "fine"})
		switch {
		case c.says == "" && len(problems) > 0:
			t.Errorf("%s: %v", name, problems)
		case c.says != "" && (len(problems) != 1 || problems[0].Key != c.key || !strings.Contains(problems[0].Detail, c.says)):
			t.Errorf("%s: %v, want one about %q that says %q", name, problems, c.key, c.says)
		}
	}
}

func numbered(n int) map[string]string {
	labels := map[string]string{}
	for i := range n {
		labels[fmt.Sprintf("label-%03d", i)] = "x"
	}
	return labels
}

func TestHowManyRunLabels(t *testing.T) {
	if problems := CheckRunLabels(numbered(MaxRunLabels)); len(problems) > 0 {
		t.Error(problems)
	}
	problems := CheckRunLabels(numbered(MaxRunLabels + 1))
	if len(problems) != 1 || !problems[0].TooMany || !strings.Contains(problems[0].Detail, fmt.Sprint(MaxRunLabels)) {
		t.Errorf("one too many: %v", problems)
	}
	several := CheckRunLabels(map[string]string{"b/": "x", "a": "-", "app": "-"})
	if len(several) != 3 || several[0].Key != "a" || several[1].Key != "app" || several[2].Key != "b/" {
		t.Errorf("problems out of order: %v", several)
	}
}

// The labels of a run reach its Job and pods, and override nothing there.
func TestRunLabelsReachJobAndPods(t *testing.T) {
	execution := anExecution()
	execution.Labels = map[string]string{
		"team": "billing", "cost": "run's", "tier": "run's", v1alpha1.LabelTask: "forged", "job-name": "forged", "app": "forged",
	}
	maps.Copy(execution.Labels, trackingMarks)
	task := aTask().Job(func(j *batchv1.JobTemplateSpec) {
		j.Labels = map[string]string{"cost": "template's"}
		j.Spec.Template.Labels = map[string]string{"tier": "template's", "app": "template's"}
	})
	job := build(t, task, execution, `{}`)
	for where, c := range map[string]struct{ got, want map[string]string }{
		"Job":  {job.Labels, map[string]string{"team": "billing", "cost": "template's", "tier": "run's"}},
		"pods": {job.Spec.Template.Labels, map[string]string{"team": "billing", "cost": "run's", "tier": "template's", "app": "template's"}},
	} {
		c.want[v1alpha1.LabelTask] = LabelValue(execution.Spec.TaskRef.Name)
		c.want[v1alpha1.LabelExecution], c.want[v1alpha1.LabelExecutionUID] = execution.Name, string(execution.UID)
		if !maps.Equal(c.got, c.want) {
			t.Errorf("%s: labels %v, want %v", where, c.got, c.want)
		}
	}
	if _, set := task.Spec.JobTemplate.Labels["team"]; set {
		t.Error("the Task, which is the cache's, was changed")
	}
}

// A Task that names the labels that it allows lets no other reach its Job and pods, whoever made the run.
func TestTaskAllowsLabels(t *testing.T) {
	labels := map[string]string{"team": "billing", "tier": "db", v1alpha1.LabelKueueQueue: "fast"}
	for name, c := range map[string]struct {
		allowed             []string
		forbidden, reaching string
	}{
		"every label":          {nil, "", "team tier"},
		"some":                 {[]string{"team", "cost"}, "tier: team, cost", "team"},
		"none":                 {[]string{}, "team: none tier: none", ""},
		"a reserved one, too":  {[]string{"app", "tier"}, "team: app, tier", "tier"},
		"not by their domains": {[]string{"team/x"}, "team: team/x tier: team/x", ""},
	} {
		task := aTask()
		task.Spec.AllowedLabels = c.allowed
		var forbidden, reaching []string
		for _, p := range ForbiddenLabels(task.Obj(), labels) {
			_, list, _ := strings.Cut(p.Detail, "its spec.allowedLabels: ")
			forbidden = append(forbidden, p.Key+": "+list)
		}
		execution := anExecution()
		execution.Labels = maps.Clone(labels)
		execution.Labels["app"] = "forged"
		delete(execution.Labels, v1alpha1.LabelKueueQueue)
		job := build(t, task, execution, `{}`)
		for key := range job.Spec.Template.Labels {
			if !strings.HasPrefix(key, "taskexec.dev/") {
				reaching = append(reaching, key)
			}
		}
		slices.Sort(reaching)
		if got := strings.Join(forbidden, " "); got != c.forbidden {
			t.Errorf("%s: forbidden %q, want %q", name, got, c.forbidden)
		}
		if got := strings.Join(reaching, " "); got != c.reaching {
			t.Errorf("%s: %q reach the pods, want %q", name, got, c.reaching)
		}
	}
	many := numbered(MaxRunLabels + 1)
	many["zone"] = "a"
	task, execution := aTask(), anExecution()
	task.Spec.AllowedLabels, execution.Labels = []string{"zone"}, many
	if got := build(t, task, execution, `{}`).Spec.Template.Labels["zone"]; got != "a" {
		t.Error("a label that is not allowed takes the place of one that is")
	}
}

// Whoever creates an execution with kubectl chooses how many labels it has, but not how many its pods have.
func TestRunLabelsAreBounded(t *testing.T) {
	execution := anExecution()
	execution.Labels = numbered(1000)
	kept := slices.Sorted(maps.Keys(RunLabels(execution.Labels)))
	if len(kept) != MaxRunLabels || kept[0] != "label-000" || kept[MaxRunLabels-1] != "label-015" {
		t.Errorf("%d labels: %v", len(kept), kept)
	}
}

func TestSetRunLabels(t *testing.T) {
	execution := anExecution()
	execution.Labels = map[string]string{v1alpha1.LabelTask: "sync", "team": "first"}
	SetRunLabels(&execution.TaskExecution, map[string]string{
		v1alpha1.LabelTask: "forged", v1alpha1.LabelScheduleUID: "forged", "team": "second", "cost": "9", v1alpha1.LabelKueueQueue: "fast",
	})
	want := map[string]string{v1alpha1.LabelTask: "sync", "team": "first", "cost": "9", v1alpha1.LabelKueueQueue: "fast"}
	if !maps.Equal(execution.Labels, want) {
		t.Errorf("labels %v, want %v", execution.Labels, want)
	}
}
