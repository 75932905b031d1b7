// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func build(t *testing.T, task *taskWrapper, execution *executionWrapper, params string) *batchv1.Job {
	t.Helper()
	job, err := Build(task.Obj(), execution.Obj(), []byte(params))
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestBuild(t *testing.T) {
	task := aTask().Timeout(30 * time.Second).StartTimeout(5 * time.Minute).Retries(2).Job(func(j *batchv1.JobTemplateSpec) {
		j.Labels = map[string]string{"team": "a", v1alpha1.LabelTask: "forged"}
		j.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "prepare"}}
	})
	got := build(t, task, anExecution(), `{"mid":1}`)

	ours := map[string]string{
		v1alpha1.LabelTask:         "user-space-sync",
		v1alpha1.LabelExecution:    "550e8400-e29b-41d4-a716-446655440000",
		v1alpha1.LabelExecutionUID: "execution-uid",
	}
	env := []corev1.EnvVar{
		{Name: "TASK_NAME", Value: "user-space-sync"},
		{Name: "TASK_EXECUTION_ID", Value: "550e8400-e29b-41d4-a716-446655440000"},
		{Name: "TASK_PARAMS", Value: `{"mid":1}`},
		{Name: "TASK_PARAM_MID", Value: "1"},
	}
	want := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team",
			Name:      "550e8400-e29b-41d4-a716-446655440000-" + hash("execution-uid"),
			Labels: map[string]string{
				"team":                     "a",
				v1alpha1.LabelTask:         ours[v1alpha1.LabelTask],
				v1alpha1.LabelExecution:    ours[v1alpha1.LabelExecution],
				v1alpha1.LabelExecutionUID: ours[v1alpha1.LabelExecutionUID],
			},
			Annotations: map[string]string{
				v1alpha1.AnnotationExecution: "550e8400-e29b-41d4-a716-446655440000",
				v1alpha1.AnnotationLimits:    `{"task":{"uid":"task-uid","generation":3},"timeout":"30s","startTimeout":"5m0s","container":"main","maxEntries":100,"maxBytes":16384}`,
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "taskexec.dev/v1alpha1", Kind: "TaskExecution",
				Name: "550e8400-e29b-41d4-a716-446655440000", UID: "execution-uid",
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Spec: batchv1.JobSpec{
			BackoffLimit:          ptr.To[int32](2),
			PodReplacementPolicy:  ptr.To(batchv1.Failed),
			ActiveDeadlineSeconds: ptr.To[int64](30 + 300 + 60),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels: ours,
					Annotations: map[string]string{
						v1alpha1.AnnotationExecution:    "550e8400-e29b-41d4-a716-446655440000",
						v1alpha1.AnnotationLogContainer: "main",
					},
				},
				Spec: corev1.PodSpec{
					RestartPolicy:  corev1.RestartPolicyNever,
					InitContainers: []corev1.Container{{Name: "prepare", Env: env}},
					Containers:     []corev1.Container{{Name: "main", Image: "sync:1", Env: env}},
				},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBuildLeavesTheTemplateItsOwnWord(t *testing.T) {
	cases := map[string]struct {
		template func(*batchv1.JobTemplateSpec)
		check    func(*batchv1.Job) bool
	}{
		"restartPolicy": {
			func(j *batchv1.JobTemplateSpec) { j.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyOnFailure },
			func(j *batchv1.Job) bool { return j.Spec.Template.Spec.RestartPolicy == corev1.RestartPolicyOnFailure },
		},
		"backoffLimit, also when it is zero": {
			func(j *batchv1.JobTemplateSpec) { j.Spec.BackoffLimit = ptr.To[int32](0) },
			func(j *batchv1.Job) bool { return *j.Spec.BackoffLimit == 0 },
		},
		"backoffLimitPerIndex, beside which a backoffLimit would cap": {
			func(j *batchv1.JobTemplateSpec) { j.Spec.BackoffLimitPerIndex = ptr.To[int32](1) },
			func(j *batchv1.Job) bool { return j.Spec.BackoffLimit == nil },
		},
		"podReplacementPolicy": {
			func(j *batchv1.JobTemplateSpec) { j.Spec.PodReplacementPolicy = ptr.To(batchv1.TerminatingOrFailed) },
			func(j *batchv1.Job) bool { return *j.Spec.PodReplacementPolicy == batchv1.TerminatingOrFailed },
		},
		"activeDeadlineSeconds": {
			func(j *batchv1.JobTemplateSpec) { j.Spec.ActiveDeadlineSeconds = ptr.To[int64](7) },
			func(j *batchv1.Job) bool { return *j.Spec.ActiveDeadlineSeconds == 7 },
		},
		"suspend": {
			func(j *batchv1.JobTemplateSpec) { j.Spec.Suspend = ptr.To(true) },
			func(j *batchv1.Job) bool { return *j.Spec.Suspend },
		},
		"labels and annotations": {
			func(j *batchv1.JobTemplateSpec) {
				j.Labels, j.Annotations = map[string]string{"a": "1"}, map[string]string{"b": "2"}
				j.Spec.Template.Labels = map[string]string{"c": "3"}
			},
			func(j *batchv1.Job) bool {
				return j.Labels["a"] == "1" && j.Annotations["b"] == "2" && j.Spec.Template.Labels["c"] == "3"
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			task := aTask().Retries(3).Timeout(time.Second).StartTimeout(time.Second).Job(c.template)
			if job := build(t, task, anExecution(), `{}`); !c.check(job) {
				t.Errorf("it is lost: %+v", job)
			}
		})
	}
}

// A template can neither pass off its runs as another execution's nor set its own limits.
func TestBuildOverridesForgedIdentity(t *testing.T) {
	task := aTask().Job(func(j *batchv1.JobTemplateSpec) {
		for _, meta := range []*metav1.ObjectMeta{&j.ObjectMeta, &j.Spec.Template.ObjectMeta} {
			meta.Labels = map[string]string{v1alpha1.LabelTask: "x", v1alpha1.LabelExecution: "x", v1alpha1.LabelExecutionUID: "x"}
			meta.Annotations = map[string]string{
				v1alpha1.AnnotationExecution: "x", v1alpha1.AnnotationLimits: "x", v1alpha1.AnnotationLogContainer: "x", v1alpha1.AnnotationLogArchive: "x",
			}
		}
		j.Name, j.Namespace, j.GenerateName = "x", "kube-system", "x"
		j.OwnerReferences = []metav1.OwnerReference{{Name: "x"}}
	})
	job := build(t, task, anExecution(), `{}`)
	for where, meta := range map[string]metav1.ObjectMeta{"job": job.ObjectMeta, "pod": job.Spec.Template.ObjectMeta} {
		for key, value := range meta.Labels {
			if value == "x" {
				t.Errorf("%s label %s is the template's", where, key)
			}
		}
		if meta.Annotations[v1alpha1.AnnotationExecution] == "x" {
			t.Errorf("%s annotation %s is the template's", where, v1alpha1.AnnotationExecution)
		}
	}
	if got := job.Spec.Template.Annotations[v1alpha1.AnnotationLogContainer]; got != "main" {
		t.Errorf("the pod's log is said to be that of %q", got)
	}
	if _, err := SnapshotOf(job); err != nil {
		t.Error(err)
	}
	if job.Namespace != "team" || job.Name == "x" || job.GenerateName != "" || len(job.OwnerReferences) != 1 || job.OwnerReferences[0].Name == "x" {
		t.Errorf("metadata is the template's: %+v", job.ObjectMeta)
	}
}

func TestBuildIsDeterministicAndChangesNothing(t *testing.T) {
	task := aTask().Timeout(time.Second).PodAnnotation("a", "b").Obj()
	task.Spec.JobTemplate.Labels = map[string]string{"x": "y"}
	execution := anExecution().Obj()
	before := []any{task.DeepCopy(), execution.DeepCopy()}
	var first []byte
	for range 20 { // maps iterate in random order
		job, err := Build(task, execution, []byte(`{"e":1,"d":2,"c":3,"b":4,"a":5,"a-b":1,"a_b":2}`))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		}
		if diff := cmp.Diff(string(first), string(raw)); diff != "" {
			t.Fatalf("two Jobs of one execution:\n%s", diff)
		}
		job.Spec.Template.Spec.Containers[0].Env[0].Value = "changed"
		job.Labels["x"] = "changed"
	}
	if diff := cmp.Diff(before, []any{task, execution}); diff != "" {
		t.Errorf("its input has changed:\n%s", diff)
	}
}

// These are the API server's rules that our additions could break.
func TestBuildIsAccepted(t *testing.T) {
	cases := map[string]struct {
		task, execution string
		params          string
	}{
		"ordinary names":                        {"user-space-sync", "550e8400-e29b-41d4-a716-446655440000", `{"mid":1}`},
		"the longest names":                     {longName, longName, `{}`},
		"names with dots":                       {"a.b.c", "nightly.2026.11.24", `{}`},
		"a cut that falls on a dot":             {strings.Repeat("a", 51) + ".b" + strings.Repeat("c", 50), strings.Repeat("a", 51) + ".b" + strings.Repeat("c", 50), `{}`},
		"names of params that no shell can say": {"t", "e", `{"":1," ":2,"=":3,"名":4,"a\u0000b":5,"$(X)":6,"1":7}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			job := build(t, aTask().Named(c.task), anExecution().Named(c.execution).Of(c.task), c.params)
			var problems field.ErrorList
			problems = append(problems, apimachineryvalidation.ValidateObjectMeta(&job.ObjectMeta, true, apimachineryvalidation.NameIsDNSSubdomain, field.NewPath("metadata"))...)
			problems = append(problems, metav1validation.ValidateLabels(job.Spec.Template.Labels, field.NewPath("template.labels"))...)
			problems = append(problems, apimachineryvalidation.ValidateAnnotations(job.Spec.Template.Annotations, field.NewPath("template.annotations"))...)
			for _, p := range problems {
				t.Error(p)
			}
			if len(job.Name) > validation.DNS1123LabelMaxLength {
				t.Errorf("the Job controller cannot label its pods with %q", job.Name)
			}
			if got := job.Annotations[v1alpha1.AnnotationExecution]; got != c.execution {
				t.Errorf("the whole name is %q, want %q", got, c.execution)
			}
			seen := map[string]bool{}
			for _, e := range job.Spec.Template.Spec.Containers[0].Env {
				if seen[e.Name] {
					t.Errorf("%s is there twice", e.Name)
				}
				seen[e.Name] = true
			}
		})
	}
}

func TestBuildRefusesParamsThatAreNoObject(t *testing.T) {
	if job, err := Build(aTask().Obj(), anExecution().Obj(), []byte(`[]`)); err == nil {
		t.Errorf("no error, but %v", job)
	}
}

func TestBackstop(t *testing.T) {
	cases := map[string]struct {
		limits Snapshot
		want   *int64
	}{
		"no run clock, no backstop":   {Snapshot{StartTimeout: seconds(1)}, nil},
		"no start clock, no backstop": {Snapshot{Timeout: seconds(1)}, nil},
		"both clocks and a minute":    {Snapshot{Timeout: seconds(30), StartTimeout: seconds(300)}, ptr.To[int64](390)},
		"parts of a second count as one": {
			Snapshot{Timeout: &metav1.Duration{Duration: 1500 * time.Millisecond}, StartTimeout: seconds(1)}, ptr.To[int64](63),
		},
		"two endless clocks do not wrap around": {
			Snapshot{Timeout: &metav1.Duration{Duration: math.MaxInt64}, StartTimeout: &metav1.Duration{Duration: math.MaxInt64}},
			ptr.To[int64](math.MaxInt32),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, backstop(c.limits)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The host name of an Indexed Job's pod is the Job's name and the index. The API server refuses a Job whose last host
// name would not be a DNS label (batch validation, ValidateJobCreate).
func TestIndexedJobOfALongNameIsAccepted(t *testing.T) {
	job := build(t, aTask().Job(func(j *batchv1.JobTemplateSpec) {
		j.Spec.CompletionMode, j.Spec.Completions = ptr.To(batchv1.IndexedCompletion), ptr.To[int32](10)
	}), anExecution().Named(longName), `{}`)
	for _, problem := range validation.IsDNS1123Label(fmt.Sprintf("%s-%d", job.Name, *job.Spec.Completions-1)) {
		t.Error(problem)
	}
}

// The end mark says that the controller ended a pod. In the template it would say so of every pod before it runs.
func TestBuildTakesNoEndMarkFromTheTemplate(t *testing.T) {
	job := build(t, aTask().PodAnnotation(v1alpha1.AnnotationEnded, "Cancelled 2000-01-01T00:00:00Z"), anExecution(), `{}`)
	if mark, ok := job.Spec.Template.Annotations[v1alpha1.AnnotationEnded]; ok {
		t.Errorf("every pod of the run will be marked %q", mark)
	}
}

// With ttlSecondsAfterFinished, the Job and its pods could be gone before the log is read and the end is recorded. The
// run would then end as JobLost.
func TestJobStaysUntilItsEndIsRecorded(t *testing.T) {
	job := build(t, aTask().Job(func(j *batchv1.JobTemplateSpec) { j.Spec.TTLSecondsAfterFinished = ptr.To[int32](0) }), anExecution(), `{}`)
	if ttl := job.Spec.TTLSecondsAfterFinished; ttl != nil && *ttl < 60 {
		t.Errorf("the Job goes %d s after it finished", *ttl)
	}
}

func TestKueueQueue(t *testing.T) {
	label := func(queue string) map[string]string {
		if queue == "" {
			return nil
		}
		return map[string]string{v1alpha1.LabelKueueQueue: queue, "argocd.argoproj.io/instance": "app"}
	}
	for name, c := range map[string]struct{ template, execution, want string }{
		"nobody names one":         {"", "", ""},
		"the template":             {"a", "", "a"},
		"the execution":            {"", "b", "b"},
		"the template goes before": {"a", "b", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			task := aTask().Job(func(j *batchv1.JobTemplateSpec) { j.Labels = label(c.template) }).Obj()
			task.Spec.AllowedQueues = []string{"b"}
			execution := anExecution().Obj()
			execution.Labels = label(c.execution)
			job, err := Build(task, execution, []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := job.Labels[v1alpha1.LabelKueueQueue]; got != c.want {
				t.Errorf("queue %q, want %q", got, c.want)
			}
			if _, copied := job.Labels["argocd.argoproj.io/instance"]; copied && c.template == "" {
				t.Error("a label of the execution that is not Kueue's reached the Job")
			}
		})
	}
}
