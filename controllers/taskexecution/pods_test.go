package taskexecution

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// Who may create pods can give them any label. Only the pods of the run's Job are the run's: their state, log and result,
// and what a cancel ends.
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

// The label is what the admission policy on Jobs goes by: a Job without it is not taken for ours, whoever owns it.
func TestCase54JobWithoutOurLabelIsNotAdopted(t *testing.T) {
	execution := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run", UID: "run-uid"}}
	owner := []metav1.OwnerReference{*metav1.NewControllerRef(execution, v1alpha1.GroupVersion.WithKind("TaskExecution"))}
	before := execution.DeepCopy()
	before.UID = "before"
	for name, c := range map[string]struct {
		labels map[string]string
		owners []metav1.OwnerReference
		want   bool
	}{
		"owner and label":      {map[string]string{v1alpha1.LabelExecutionUID: "run-uid"}, owner, true},
		"the owner only":       {nil, owner, false},
		"the label only":       {map[string]string{v1alpha1.LabelExecutionUID: "run-uid"}, nil, false},
		"another's label":      {map[string]string{v1alpha1.LabelExecutionUID: "other"}, owner, false},
		"one of before":        {map[string]string{v1alpha1.LabelExecutionUID: "run-uid"}, []metav1.OwnerReference{*metav1.NewControllerRef(before, v1alpha1.GroupVersion.WithKind("TaskExecution"))}, false},
		"nothing that is ours": {nil, nil, false},
	} {
		if got := isOurs(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Labels: c.labels, OwnerReferences: c.owners}}, execution); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
