package jobspec

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func TestTrueCondition(t *testing.T) {
	job := &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{
		{Type: batchv1.JobSuspended, Status: corev1.ConditionFalse}, {Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded"},
	}}}
	if c := TrueCondition(job, batchv1.JobFailed); c == nil || c.Reason != "BackoffLimitExceeded" {
		t.Errorf("failed: %+v", c)
	}
	for _, not := range []batchv1.JobConditionType{batchv1.JobSuspended, batchv1.JobComplete} {
		if c := TrueCondition(job, not); c != nil {
			t.Errorf("%s: %+v", not, c)
		}
	}
}

func TestIsSidecar(t *testing.T) {
	always := ptr.To(corev1.ContainerRestartPolicyAlways)
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "proxy", RestartPolicy: always}, {Name: "prepare"}},
		Containers:     []corev1.Container{{Name: "main", RestartPolicy: always}},
	}}
	for name, want := range map[string]bool{"proxy": true, "prepare": false, "main": false, "other": false} {
		if got := IsSidecar(pod, name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
