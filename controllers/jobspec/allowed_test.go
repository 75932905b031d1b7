// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func timeOf(n int) *metav1.Duration {
	if n == 0 {
		return nil
	}
	return &metav1.Duration{Duration: time.Duration(n) * time.Second}
}

// A run may have a shorter timeout than its Task, and a longer one only as far as the Task allows. In the table, 0
// means none.
func TestCase57TimeoutOnlyAsTheTaskAllows(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, most, asked int
		runs                 int // the run's timeout
		says                 string
	}{
		"nothing asked":                          {30, 0, 0, 30, ""},
		"less":                                   {30, 0, 29, 29, ""},
		"the same":                               {30, 0, 30, 30, ""},
		"more":                                   {30, 0, 31, 0, "the longest is 30s"},
		"more, as it is allowed":                 {30, 60, 60, 60, ""},
		"more than is allowed":                   {30, 60, 61, 0, "the longest is 1m0s"},
		"a bound below the timeout":              {30, 10, 30, 30, ""},
		"nothing asked, only a bound":            {0, 60, 0, 60, ""},
		"less than the bound alone":              {0, 60, 59, 59, ""},
		"more than the bound alone":              {0, 60, 61, 0, "the longest is 1m0s"},
		"anything is less than for ever":         {0, 0, 100_000, 100_000, ""},
		"nothing asked, and it may run for ever": {0, 0, 0, 0, ""},
	} {
		task, execution := aTask().Obj(), anExecution().Obj()
		task.Spec.Timeout, task.Spec.MaxTimeout, execution.Spec.Timeout = timeOf(c.timeout), timeOf(c.most), timeOf(c.asked)
		job, err := Build(task, execution, []byte(`{}`))
		var refusal *NotAllowedError
		switch {
		case c.says != "":
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			limits, err := SnapshotOf(job)
			if got := limits.Timeout; err != nil || (got == nil) != (c.runs == 0) || got != nil && got.Duration != timeOf(c.runs).Duration {
				t.Errorf("%s: the run has %v, %v", name, got, err)
			}
		}
	}
}

// A run may use another queue than its Task's only if the Task allows that queue.
func TestCase57QueueOnlyAsTheTaskAllows(t *testing.T) {
	for name, c := range map[string]struct {
		template, label string
		allowed         []string
		job             string
		says            string
	}{
		"none":                         {"", "", nil, "", ""},
		"the template's":               {"own", "", nil, "own", ""},
		"another than the template's":  {"own", "other", []string{"other"}, "own", ""},
		"one that is not allowed":      {"", "fast", nil, "", `does not allow the queue "fast"`},
		"one that others are, and not": {"", "fast", []string{"slow", "night"}, "", "slow, night"},
		"one that is allowed":          {"", "fast", []string{"slow", "fast"}, "fast", ""},
	} {
		task, execution := aTask().Obj(), anExecution().Obj()
		task.Spec.AllowedQueues = c.allowed
		if c.template != "" {
			task.Spec.JobTemplate.Labels = map[string]string{v1alpha1.LabelKueueQueue: c.template}
		}
		if c.label != "" {
			metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelKueueQueue, c.label)
		}
		job, err := Build(task, execution, []byte(`{}`))
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || job.Labels[v1alpha1.LabelKueueQueue] != c.job:
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of an execution's own labels and annotations, only the trace, an allowed queue and labels that mean nothing to
// Kubernetes reach the Job and its pods.
func TestCase57NothingElseIsInherited(t *testing.T) {
	execution := anExecution().Obj()
	for _, key := range []string{
		"kueue.x-k8s.io/priority-class", "app", "app.kubernetes.io/name", v1alpha1.AnnotationLimits, v1alpha1.AnnotationSeal, v1alpha1.AnnotationEnded,
		v1alpha1.AnnotationLogArchive, v1alpha1.AnnotationLogContainer, "cluster-autoscaler.kubernetes.io/safe-to-evict",
	} {
		metav1.SetMetaDataLabel(&execution.ObjectMeta, key, "forged")
		metav1.SetMetaDataAnnotation(&execution.ObjectMeta, key, "forged")
	}
	job, err := Build(aTask().Obj(), execution, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, meta := range []metav1.ObjectMeta{job.ObjectMeta, job.Spec.Template.ObjectMeta} {
		for _, marks := range []map[string]string{meta.Labels, meta.Annotations} {
			for key, value := range marks {
				if value == "forged" {
					t.Errorf("%s is inherited", key)
				}
			}
		}
	}
}
