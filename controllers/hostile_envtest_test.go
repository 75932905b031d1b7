// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// longLog is a source of many long lines.
type longLog struct{ lines, bytes int }

func (l longLog) Open(context.Context, source.Request) (io.ReadCloser, error) {
	var log strings.Builder
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range l.lines {
		fmt.Fprintf(&log, "%s line %d %s\n", at.Add(time.Duration(i)*time.Millisecond).Format(time.RFC3339Nano), i, strings.Repeat("x", l.bytes))
	}
	return io.NopCloser(strings.NewReader(log.String())), nil
}

// panics returns how many panics the controllers of this process have recovered from.
func panics(t *testing.T) (n float64) {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "controller_runtime_reconcile_panics_total" {
			for _, m := range family.GetMetric() {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// etcd refuses a status because of its tail: the execution itself is almost as large as etcd allows. The phase is
// written without the tail, and the run beside it keeps its whole tail.
func TestCase18StatusThatIsTooLarge(t *testing.T) {
	const lines = 100
	ns := namespace(t)
	operator(t, func(o *controllers.Options) { o.LogSource = longLog{lines, 2000} })
	task := newTask(ns)
	task.Spec.Logs.MaxEntries, task.Spec.Logs.MaxBytes = 200, ptr.To(resource.MustParse("256Ki"))
	create(t, task)
	huge := newExecution(ns)
	huge.Name = "huge"
	huge.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: strings.Repeat("x", 1440<<10), UID: "1"}}
	create(t, huge)
	other := named(t, ns, "other")
	for _, e := range []*v1alpha1.TaskExecution{huge, other} {
		job := jobOf(t, e)
		pod := podOf(t, job)
		runs(t, pod)
		reaches(t, e, v1alpha1.PhaseRunning, v1alpha1.ReasonContainerStarted)
		exits(t, pod, 0, "")
		ends(t, job, batchv1.JobComplete)
	}
	for _, e := range []*v1alpha1.TaskExecution{other, huge} {
		reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
		capturedLog(t, e)
		if s := e.Status.LogSummary; s.Entries != lines || !s.Complete {
			t.Errorf("%s: summary %+v", e.Name, s)
		}
	}
	if got := len(huge.Status.Logs); huge.Status.LogSummary.DroppedEntries == 0 || got > lines/2 {
		t.Errorf("a status that is too large has %d entries, summary %+v", got, huge.Status.LogSummary)
	}
	if got := len(other.Status.Logs); other.Status.LogSummary.DroppedEntries != 0 || got != lines+2 {
		t.Errorf("the run beside it has %d entries, summary %+v", got, other.Status.LogSummary)
	}
}

// Names are as long as Kubernetes allows. Names derived from them are cut and hashed, and two that differ only at their
// end stay distinct.
func TestCase18NamesOf253Characters(t *testing.T) {
	long := strings.Repeat("a", validation.DNS1123SubdomainMaxLength-1)
	ns := namespace(t)
	operator(t)
	task := newTask(ns)
	task.Name = long + "t"
	create(t, task)
	names := map[string]bool{}
	for _, last := range []string{"1", "2"} {
		e := newExecution(ns)
		e.Name, e.Spec.TaskRef.Name = long+last, task.Name
		create(t, e)
		completes(t, e)
		job := jobOf(t, e)
		if names[job.Name] = true; len(validation.IsDNS1123Label(job.Name)) > 0 || job.Annotations[v1alpha1.AnnotationExecution] != e.Name {
			t.Errorf("the Job %q of %q", job.Name, job.Annotations[v1alpha1.AnnotationExecution])
		}
		for _, label := range []string{v1alpha1.LabelTask, v1alpha1.LabelExecution} {
			if value := job.Labels[label]; value == "" || len(validation.IsValidLabelValue(value)) > 0 {
				t.Errorf("label %s is %q", label, value)
			}
		}
	}
	if len(names) != 2 {
		t.Errorf("two runs have the Jobs %v", names)
	}
}

// hostile is a value that no annotation of ours ever has.
var hostile = "\x00\x1b[31m<script>\n{\"maxEntries\":-1,}]$(rm -rf /)" + strings.Repeat("9", 4<<10)

// annotated sets all our annotations to hostile.
func annotated(t *testing.T, object client.Object) {
	t.Helper()
	before, _ := object.DeepCopyObject().(client.Object)
	annotations := map[string]string{}
	for _, key := range []string{
		v1alpha1.AnnotationLimits, v1alpha1.AnnotationLogContainer, v1alpha1.AnnotationLogArchive, v1alpha1.AnnotationEnded, v1alpha1.AnnotationSubmission,
		v1alpha1.AnnotationTraceparent, v1alpha1.AnnotationRequestID, v1alpha1.AnnotationRerunOf, v1alpha1.AnnotationScheduledAt,
		v1alpha1.AnnotationRunOnChange,
	} {
		annotations[key] = hostile
	}
	object.SetAnnotations(annotations)
	if object.GetResourceVersion() == "" {
		create(t, object)
	} else if err := kube.Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// Somebody writes nonsense into each annotation that the operator reads, on each object. The run still ends, the run
// beside it is unaffected, and nothing panics.
func TestCase18HostileAnnotations(t *testing.T) {
	before := panics(t)
	ns := namespace(t)
	operator(t)
	annotated(t, newTask(ns))
	e := newExecution(ns)
	annotated(t, e)
	job := jobOf(t, e)
	annotated(t, job)
	pod := podOf(t, job)
	annotated(t, pod)
	runs(t, pod)
	other := named(t, ns, "other")
	completes(t, other)
	exits(t, pod, 0, "")
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	capturedLog(t, e)
	if captured := capturedLog(t, other); captured.Status != metav1.ConditionTrue {
		t.Errorf("the run beside it: %+v", captured)
	}
	if n := panics(t) - before; n > 0 {
		t.Errorf("%v panics", n)
	}
}
