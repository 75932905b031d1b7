// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// manifest returns a Task with a jobTemplate as JSON.
func manifest(t *testing.T, namespace, name string, jobTemplate any) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "Task",
		"metadata": map[string]any{"namespace": namespace, "name": name}, "spec": map[string]any{"jobTemplate": jobTemplate},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func apply(t *testing.T, text string) {
	t.Helper()
	if out, err := kubectl(t, text, "apply", "--validate=strict", "-f", "-"); err != nil {
		t.Fatalf("kubectl apply: %v: %s", err, out)
	}
}

// fill sets every field of a Go type, with one element in every list and map.
func fill(v reflect.Value) {
	switch value := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*value = resource.MustParse("1")
		return
	case *metav1.Time:
		*value = metav1.Unix(1_700_000_000, 0)
		return
	case *intstr.IntOrString:
		*value = intstr.FromInt32(80)
		return
	case *metav1.FieldsV1:
		*value = *metav1.NewFieldsV1(`{"f:metadata":{}}`)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(1)
	}
}

// kubectl with strict validation accepts every field of a CronJob's jobTemplate, and the API server keeps it.
func TestCase30KubectlAppliesEachFieldOfATemplate(t *testing.T) {
	ns := namespace(t)
	template := batchv1.JobTemplateSpec{}
	fill(reflect.ValueOf(&template).Elem())
	*template.Spec.ManualSelector = false // true is refused; see below
	sent := generic(t, template)
	apply(t, manifest(t, ns, "whole", sent))
	out, err := kubectl(t, "", "-n", ns, "get", "task", "whole", "-o", "json")
	if err != nil {
		t.Fatal(out)
	}
	var kept struct {
		Spec struct {
			JobTemplate any `json:"jobTemplate"`
		} `json:"spec"`
	}
	if err := json.Unmarshal([]byte(out), &kept); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, kept.Spec.JobTemplate); diff != "" {
		t.Errorf("-sent +kept:\n%s", diff)
	}
}

// generic returns a value as decoded JSON.
func generic(t *testing.T, value any) (out any) {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// wholeTemplate returns a valid template with as many fields as a Job can have.
func wholeTemplate(t *testing.T) (text string, template batchv1.JobTemplateSpec) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "whole_template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(raw, &template); err != nil {
		t.Fatal(err)
	}
	return string(raw), template
}

// The Job of a run has all that a bare Job of the same template has, and the additions of a run.
func TestCase30JobAndPodsHaveTheWholeTemplate(t *testing.T) {
	ns := namespace(t)
	operator(t)
	text, template := wholeTemplate(t)
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
	apply(t, "apiVersion: taskexec.dev/v1alpha1\nkind: Task\nmetadata: {name: sync, namespace: "+ns+"}\nspec:\n  jobTemplate:\n"+indented+"\n")
	bare := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "bare", Labels: template.Labels, Annotations: template.Annotations}, Spec: *template.Spec.DeepCopy()}
	for _, label := range []string{"job-name", "batch.kubernetes.io/controller-uid"} { // the API server refuses those of another Job
		delete(bare.Spec.Template.Labels, label)
	}
	create(t, bare)
	e := newExecution(ns)
	create(t, e)
	job := jobOf(t, e)
	ready(t, ns, "sync", metav1.ConditionTrue)

	for what, pair := range map[string][2]map[string]string{
		"the Job's labels":      {bare.Labels, job.Labels},
		"the Job's annotations": {bare.Annotations, job.Annotations},
		"the pods' labels":      {template.Spec.Template.Labels, job.Spec.Template.Labels},
		"the pods' annotations": {bare.Spec.Template.Annotations, job.Spec.Template.Annotations},
	} {
		for key, want := range pair[0] {
			if key == "job-name" || strings.HasPrefix(key, "batch.kubernetes.io/") {
				want = generatedFor(job, key)
			}
			if got := pair[1][key]; got != want {
				t.Errorf("%s: %s is %q, want %q", what, key, got, want)
			}
		}
	}
	want, got := bare.Spec.DeepCopy(), job.Spec.DeepCopy()
	for _, spec := range []*batchv1.JobSpec{want, got} {
		spec.Selector = nil
		spec.Template.Labels, spec.Template.Annotations = nil, nil
		for _, list := range [][]corev1.Container{spec.Template.Spec.InitContainers, spec.Template.Spec.Containers} {
			for i := range list {
				list[i].Env = theirs(list[i].Env)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-bare Job +ours:\n%s", diff)
	}
	claim := job.Spec.Template.Spec.Volumes[0].Ephemeral.VolumeClaimTemplate
	if claim.Labels["tier"] != "fast" || claim.Annotations["backup"] != "no" {
		t.Errorf("the volume's claim has %+v", claim.ObjectMeta)
	}
	if job.Labels[v1alpha1.LabelKueueQueue] != "team-a" {
		t.Errorf("Kueue's label of the template is %q on the Job", job.Labels[v1alpha1.LabelKueueQueue])
	}
}

// generatedFor returns the value that the API server gives this Job for a label of another.
func generatedFor(job *batchv1.Job, label string) string {
	if strings.HasSuffix(label, "job-name") {
		return job.Name
	}
	return string(job.UID)
}

// theirs returns the variables that are not ours.
func theirs(env []corev1.EnvVar) (out []corev1.EnvVar) {
	for _, e := range env {
		if !strings.HasPrefix(e.Name, "TASK_") {
			out = append(out, e)
		}
	}
	return out
}

// ready waits until a Task's Ready condition has a status, and returns the Task.
func ready(t *testing.T, namespace, name string, status metav1.ConditionStatus) *v1alpha1.Task {
	t.Helper()
	task := &v1alpha1.Task{ObjectMeta: objectNamed(namespace, name)}
	eventually(t, name+" is Ready="+string(status), func() (bool, any) {
		read(t, task)
		return apimeta.IsStatusConditionPresentAndEqual(task.Status.Conditions, v1alpha1.ConditionReady, status), task.Status.Conditions
	})
	return task
}

// The spec that `kubectl get` prints of a Job or a CronJob works as a template.
func TestCase30TemplateCopiedFromALiveObject(t *testing.T) {
	ns := namespace(t)
	operator(t)
	podSpec := map[string]any{"restartPolicy": "Never", "containers": []any{map[string]any{"name": "main", "image": "busybox:1.37"}}}
	template := map[string]any{
		"metadata": map[string]any{"creationTimestamp": nil, "labels": map[string]any{"app": "x"}, "annotations": nil},
		"spec":     map[string]any{"template": map[string]any{"metadata": map[string]any{"creationTimestamp": nil, "labels": map[string]any{"app": "x"}}, "spec": podSpec}},
	}
	for kind, object := range map[string]map[string]any{
		"job":     {"apiVersion": "batch/v1", "kind": "Job", "metadata": map[string]any{"namespace": ns, "name": "live", "labels": map[string]any{"app": "x"}}, "spec": template["spec"]},
		"cronjob": {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": map[string]any{"namespace": ns, "name": "live"}, "spec": map[string]any{"schedule": "0 0 1 1 *", "jobTemplate": template}},
	} {
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, string(raw))
		out, err := kubectl(t, "", "-n", ns, "get", kind, "live", "-o", "json", "--show-managed-fields")
		if err != nil {
			t.Fatal(out)
		}
		var live map[string]any
		if err := json.Unmarshal([]byte(out), &live); err != nil {
			t.Fatal(err)
		}
		copied := any(map[string]any{"metadata": live["metadata"], "spec": live["spec"]})
		if kind == "cronjob" {
			copied = live["spec"].(map[string]any)["jobTemplate"]
		}
		apply(t, manifest(t, ns, kind, copied))
		ready(t, ns, kind, metav1.ConditionTrue)
		e := newExecution(ns)
		e.Name, e.Spec.TaskRef.Name = "of-"+kind, kind
		create(t, e)
		job := jobOf(t, e)
		if job.Labels["app"] != "x" || job.Spec.Template.Labels["app"] != "x" || job.Spec.Template.Labels["batch.kubernetes.io/job-name"] != job.Name || job.Labels["job-name"] == "live" {
			t.Errorf("copied from a %s: labels %v, pods' %v", kind, job.Labels, job.Spec.Template.Labels)
		}
	}
}

// What cannot work is refused on apply, and the error names the field.
func TestCase30KubectlRefusesByName(t *testing.T) {
	ns := namespace(t)
	pods := `"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"x"}]}}`
	for name, c := range map[string]struct{ template, says string }{
		"a selector of one's own": {`{"spec":{"manualSelector":true,"selector":{"matchLabels":{"a":"b"}},` + pods + `}}`, "the runs of a Task would share one selector"},
		"a misspelled field":      {`{"metadata":{"lables":{"a":"b"}},"spec":{` + pods + `}}`, `unknown field "spec.jobTemplate.metadata.lables"`},
		"a label that is no text": {`{"metadata":{"labels":{"a":1}},"spec":{` + pods + `}}`, "spec.jobTemplate.metadata.labels.a"},
		"a time that is none":     {`{"metadata":{"creationTimestamp":"yesterday"},"spec":{` + pods + `}}`, "spec.jobTemplate.metadata.creationTimestamp"},
		"a time of another form":  {`{"metadata":{"creationTimestamp":"2026-01-02T03:04:05"},"spec":{` + pods + `}}`, "spec.jobTemplate.metadata.creationTimestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := kubectl(t, manifest(t, ns, "bad", json.RawMessage(c.template)), "apply", "--validate=strict", "-f", "-")
			if err == nil || !strings.Contains(out, c.says) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// A plain apply stores the whole CRD in an annotation, which may have at most 256 KiB.
func TestCase30CRDsInstallByPlainApply(t *testing.T) {
	if out, err := kubectl(t, "", "apply", "--dry-run=server", "-f", filepath.Join("..", "config", "crd", "bases")); err != nil {
		t.Error(out)
	}
}
