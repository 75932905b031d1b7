// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobseal"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/queue"
)

// A user who may create pods can give them any label. Only the pods of the run's Job belong to the run: they give its
// state, log and result, and a cancel ends them.
func TestCase53PodsOfOthersAreNoPartOfARun(t *testing.T) {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run", UID: "run-uid"}}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "job", UID: "job-uid"}}
	podOf := func(name string, owner *batchv1.Job) *corev1.Pod {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: name, UID: types.UID(name),
			Labels:      map[string]string{v1alpha1.LabelExecutionUID: "run-uid", v1alpha1.LabelExecution: "run"},
			Annotations: map[string]string{v1alpha1.AnnotationExecution: "run"},
		}}
		if owner != nil {
			pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, batchv1.SchemeGroupVersion.WithKind("Job"))}
		}
		return pod
	}
	other := job.DeepCopy()
	other.UID = "other-uid"
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(podOf("own", job), podOf("labelled", nil), podOf("of-another-job", other)).
		WithIndex(&corev1.Pod{}, indexPodExecution, func(o client.Object) []string { return []string{o.GetLabels()[v1alpha1.LabelExecutionUID]} }).Build()
	r := &Reconciler{Client: api, Live: api}
	recorded := execution.DeepCopy()
	recorded.Status.Job = &v1alpha1.JobIdentity{Name: "job", UID: "job-uid"}
	for name, c := range map[string]struct {
		o    lifecycle.Observation
		want int
	}{
		"its Job is there":               {lifecycle.Observation{Execution: execution, Job: job}, 1},
		"its Job is gone":                {lifecycle.Observation{Execution: recorded}, 1},
		"another Job has taken the name": {lifecycle.Observation{Execution: recorded, Job: other}, 1},
		"there was no Job yet":           {lifecycle.Observation{Execution: execution}, 0},
	} {
		if err := r.observePods(t.Context(), &c.o); err != nil {
			t.Fatal(err)
		}
		if len(c.o.Pods) != c.want || c.want > 0 && c.o.Pods[0].Name != "own" {
			t.Errorf("%s: %d pods: %v", name, len(c.o.Pods), c.o.Pods)
		}
	}
}

// A Job belongs to the run only if the controller has sealed it. Its owner and label alone prove nothing, since anybody
// who may create Jobs can set them. Both are required all the same.
func TestCase54JobWithoutOurSealIsNotAdopted(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).Build()
	life := func() *Reconciler {
		seals, err := jobseal.New(api, api, clock.RealClock{}, "system")
		if err != nil {
			t.Fatal(err)
		}
		return &Reconciler{Client: api, Live: api, Seals: seals}
	}
	earlier, now := life(), life()
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run", UID: "run-uid"}}
	recorded := execution.DeepCopy()
	recorded.Status.Job = &v1alpha1.JobIdentity{Name: "job", UID: "job-uid"}
	other := execution.DeepCopy()
	other.UID = "other-uid"
	jobOf := func(owner *v1alpha1.TaskExecution, label string) *batchv1.Job {
		return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "job", Labels: map[string]string{v1alpha1.LabelExecutionUID: label},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1alpha1.GroupVersion.WithKind("TaskExecution"))},
		}}
	}
	sealed := func(job *batchv1.Job, by *Reconciler, execution *v1alpha1.TaskExecution) *batchv1.Job {
		if err := by.Seals.Seal(t.Context(), job, execution.UID); err != nil {
			t.Fatal(err)
		}
		return job
	}
	unlabelled := sealed(jobOf(execution, ""), now, execution)
	unowned := sealed(jobOf(execution, "run-uid"), now, execution)
	unowned.OwnerReferences = nil
	for name, c := range map[string]struct {
		job       *batchv1.Job
		execution *v1alpha1.TaskExecution
		want      bool
	}{
		"of this life":                          {sealed(jobOf(execution, "run-uid"), now, execution), execution, true},
		"of an earlier life":                    {sealed(jobOf(execution, "run-uid"), earlier, execution), execution, true},
		"without a seal":                        {jobOf(execution, "run-uid"), execution, false},
		"with the seal of another run":          {sealed(jobOf(execution, "run-uid"), now, other), execution, false},
		"another's label":                       {sealed(jobOf(execution, "other-uid"), now, execution), execution, false},
		"no label":                              {unlabelled, execution, false},
		"no owner":                              {unowned, execution, false},
		"without a seal, but a status names it": {jobOf(execution, "run-uid"), recorded, true},
	} {
		if got, err := now.isOurs(t.Context(), c.job, c.execution); got != c.want || err != nil {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

// A forged Job takes no place when the controller starts, and keeps no place of a deleted execution.
func TestCase54ForgedJobTakesNoPlace(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	for name, isSealed := range map[string]bool{"forged": false, "sealed": true} {
		gone := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run", UID: "run-uid"}}
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "job", UID: "job-uid", Annotations: map[string]string{v1alpha1.AnnotationExecution: "run"},
			Labels:          map[string]string{v1alpha1.LabelExecutionUID: "run-uid", v1alpha1.LabelTask: "sync"},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(gone, v1alpha1.GroupVersion.WithKind("TaskExecution"))},
		}}
		api := fake.NewClientBuilder().WithScheme(scheme).Build()
		seals, err := jobseal.New(api, api, clock.RealClock{}, "system")
		if err != nil {
			t.Fatal(err)
		}
		if isSealed {
			if err := seals.Seal(t.Context(), job, gone.UID); err != nil {
				t.Fatal(err)
			}
		}
		if err := api.Create(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		r := &Reconciler{Client: api, Live: api, Seals: seals, Queue: queue.NewLedger(queue.Limits{}), Clock: clock.RealClock{}}
		found, err := r.foundJobs(t.Context())
		if err != nil || (len(found) == 1) != isSealed {
			t.Errorf("%s: at the start %d are found: %v", name, len(found), err)
		}
		if goesOn, err := r.goesOn(t.Context(), "ns", gone.UID); err != nil || goesOn != isSealed {
			t.Errorf("%s: it is %t that it goes on: %v", name, goesOn, err)
		}
	}
}
