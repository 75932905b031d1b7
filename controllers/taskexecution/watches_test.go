package taskexecution

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestExecutionOfJob(t *testing.T) {
	for name, c := range map[string]struct {
		owner *metav1.OwnerReference
		want  string
	}{
		"ours":            {&metav1.OwnerReference{APIVersion: "taskexec.dev/v1alpha1", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, "ns/run"},
		"a later version": {&metav1.OwnerReference{APIVersion: "taskexec.dev/v1", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, "ns/run"},
		"no controller":   {&metav1.OwnerReference{APIVersion: "taskexec.dev/v1alpha1", Kind: "TaskExecution", Name: "run"}, ""},
		"another group":   {&metav1.OwnerReference{APIVersion: "other.dev/v1", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, ""},
		"of a CronJob":    {&metav1.OwnerReference{APIVersion: "batch/v1", Kind: "CronJob", Name: "run", Controller: ptr.To(true)}, ""},
		"no such version": {&metav1.OwnerReference{APIVersion: "a/b/c", Kind: "TaskExecution", Name: "run", Controller: ptr.To(true)}, ""},
		"nobody's":        {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "run-1234"}}
			if c.owner != nil {
				job.OwnerReferences = []metav1.OwnerReference{*c.owner}
			}
			got := ""
			for _, request := range executionOfJob(t.Context(), job) {
				got += request.String()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
