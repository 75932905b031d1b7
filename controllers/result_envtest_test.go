// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// leaves plays the kubelet: the pod's container ended well and left a termination message.
func leaves(t *testing.T, pod *corev1.Pod, message string) {
	t.Helper()
	patchStatus(t, pod, func() {
		pod.Status.Phase = corev1.PodSucceeded
		pod.Status.ContainerStatuses = containerState(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ContainerID: "containerd://1", Message: message, StartedAt: metav1.Now(), FinishedAt: metav1.Now(),
		}})
	})
}

func TestResultOfARun(t *testing.T) {
	stop := operator(t)
	e, job, pod := running(t, nil)
	leaves(t, pod, `{"rows":42,"spaces":["a",null],"note":"\u001b[1mbold"}`)
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	const want = `{"note":"bold","rows":42,"spaces":["a",null]}`
	if e.Status.Result == nil || string(e.Status.Result.Raw) != want || e.Status.ResultTruncated {
		t.Errorf("result %+v, want %s", e.Status.Result, want)
	}
	// Later writes of the controller, also after a restart, do not change it.
	stop()
	if err := kube.Delete(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	patchStatus(t, e, func() {
		apimeta.SetStatusCondition(&e.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionLogsCaptured, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonLogsCapturing})
	})
	operator(t)
	capturedLog(t, e)
	if e.Status.Result == nil || string(e.Status.Result.Raw) != want {
		t.Errorf("after a restart the result is %+v", e.Status.Result)
	}
}

// The API server keeps exactly what the program wrote: line breaks, no-break spaces, direction marks.
func TestCase32ResultComesThroughTheAPIServer(t *testing.T) {
	operator(t)
	for name, c := range map[string]struct{ message, want string }{
		"in JSON": {`{"text":"a\nb\u2028c\u00a0d\u202ee\ufefff"}`, "{\"text\":\"a\\nb\u2028c\u00a0d\u202ee\ufefff\"}"},
		"as text": {"a\nb\u2028c\u00a0d\u202ee\r\n  f\u00a0\n", "\"a\\nb\u2028c\u00a0d\u202ee\\r\\n  f\u00a0\""},
		"cut":     {"同"[1:] + strings.Repeat("同", 1364) + "同"[:2], `"` + strings.Repeat("同", 1364) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			e, job, pod := running(t, nil)
			leaves(t, pod, c.message)
			ends(t, job, batchv1.JobComplete)
			reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
			var got, want any
			if e.Status.Result == nil || json.Unmarshal(e.Status.Result.Raw, &got) != nil || json.Unmarshal([]byte(c.want), &want) != nil {
				t.Fatalf("result %+v", e.Status.Result)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("result %q, want %q", got, want)
			}
		})
	}
}

func TestResultThatIsTooLarge(t *testing.T) {
	operator(t)
	e, job, pod := running(t, nil)
	leaves(t, pod, strings.Repeat("x", 4096))
	ends(t, job, batchv1.JobComplete)
	reaches(t, e, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted)
	if !e.Status.ResultTruncated || !strings.Contains(e.Status.Message, "4096 bytes") || len(e.Status.Result.Raw) != 4098 {
		t.Errorf("status: %+v", e.Status)
	}
}
