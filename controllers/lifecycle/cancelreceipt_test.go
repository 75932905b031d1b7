// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestReceipt(t *testing.T) {
	cancelled := func() *scene { return given().job().cancelled() }
	before := func(s *scene, pods ...v1alpha1.PodMirror) *scene {
		s.Execution.Status.StartTime = ptr.To(metav1.NewTime(noon.Add(-time.Minute)))
		s.Execution.Status.Pods = pods
		return s
	}
	gone := func(code *int32, finish *metav1.Time) v1alpha1.PodMirror {
		return v1alpha1.PodMirror{Name: "gone", UID: "gone", FinishTime: finish, ExitCode: code}
	}
	atOnce := func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed }
	for name, c := range map[string]struct {
		scene *scene
		want  v1alpha1.CancellationOutcome
	}{
		"no Job exists":                         {given().cancelled(), v1alpha1.CancellationNotStarted},
		"no pod exists":                         {cancelled(), v1alpha1.CancellationNotStarted},
		"the pod was on no node":                {cancelled().pod(), v1alpha1.CancellationNotStarted},
		"the pod failed before any container":   {cancelled().pod(onNode, atOnce, marked("Cancelled", time.Second)), v1alpha1.CancellationNotStarted},
		"it is being stopped":                   {cancelled().pod(runningFor(time.Minute)), ""},
		"it obeyed":                             {cancelled().pod(exited(143), killed, marked("Cancelled", time.Second)), v1alpha1.CancellationGraceful},
		"it obeyed and called it a success":     {cancelled().pod(exited(0), killed, marked("Cancelled", time.Second)), v1alpha1.CancellationGraceful},
		"it did not obey":                       {cancelled().pod(exited(137), killed, marked("Cancelled", time.Second)), v1alpha1.CancellationForced},
		"one of two did not obey":               {cancelled().pod(exited(137), killed, marked("Cancelled", time.Second)).pod(exited(143), killed, marked("Cancelled", time.Second)), v1alpha1.CancellationForced},
		"it waited after an init container":     {cancelled().pod(onNode, initEnded(0), waiting("CreateContainerConfigError"), marked("Cancelled", idleMargin)), v1alpha1.CancellationGraceful},
		"its node is gone":                      {cancelled().pod(runningFor(time.Minute), marked("Cancelled", time.Minute)), v1alpha1.CancellationUnconfirmed},
		"it completed":                          {cancelled().pod(exited(0)).jobEnds(batchv1.JobComplete, ""), v1alpha1.CancellationAlreadyEnded},
		"it failed by itself, killed":           {cancelled().pod(exited(137)).jobEnds(batchv1.JobFailed, ""), v1alpha1.CancellationAlreadyEnded},
		"an attempt was killed long before":     {before(cancelled(), gone(ptr.To[int32](137), ptr.To(metav1.NewTime(noon.Add(-time.Minute))))), v1alpha1.CancellationGraceful},
		"the Job was deleted, with a live pod":  {lose(before(cancelled(), gone(nil, nil))), v1alpha1.CancellationUnconfirmed},
		"the Job was deleted, and nothing runs": {lose(before(cancelled(), gone(ptr.To[int32](143), ptr.To(metav1.NewTime(noon))))), v1alpha1.CancellationGraceful},
	} {
		t.Run(name, func(t *testing.T) {
			status := Decide(c.scene.Observation).Status
			want := &v1alpha1.Cancellation{RequestedBy: "ann", Reason: "enough", AcknowledgedTime: metav1.NewTime(noon), Outcome: c.want}
			if c.want != "" {
				want.CompletionTime = status.CompletionTime
				if status.CompletionTime.Before(&want.AcknowledgedTime) { // it had ended by itself
					want.CompletionTime = &want.AcknowledgedTime
				}
				if status.CompletionTime == nil {
					t.Error("it has not ended")
				}
			}
			if diff := cmp.Diff(want, status.Cancellation); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A receipt is written once and never changes.
func TestReceiptIsWrittenOnce(t *testing.T) {
	seen := &v1alpha1.Cancellation{RequestedBy: "ann", Reason: "enough", AcknowledgedTime: metav1.NewTime(noon.Add(-time.Hour))}
	s := given().job().cancelled().pod(exited(143), killed, marked("Cancelled", time.Second)).phase(v1alpha1.PhaseCancelling, v1alpha1.ReasonCancelRequested)
	s.Execution.Status.Cancellation = seen
	status := Decide(s.Observation).Status
	if got := status.Cancellation; !got.AcknowledgedTime.Equal(&seen.AcknowledgedTime) || got.Outcome != v1alpha1.CancellationGraceful {
		t.Errorf("the end of a cancel that was seen: %+v", got)
	}
	s.Execution.Status = status
	s.Execution.Status.Conditions = nil // the log is not final yet
	s.Now = noon.Add(time.Hour)
	s.Pods = nil
	if diff := cmp.Diff(status.Cancellation, Decide(s.Observation).Status.Cancellation); diff != "" {
		t.Errorf("after the end it changed: %s", diff)
	}
}

// A run that was not stopped by a cancel has no receipt: nobody cancelled it, or the cancel came too late.
func TestNoReceipt(t *testing.T) {
	late := func(phase v1alpha1.Phase) *scene {
		s := given().job().cancelled().phase(phase, "Anything").pod(exited(0))
		s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon))
		return s
	}
	for name, s := range map[string]*scene{
		"running":                {given().job().pod(runningFor(time.Minute)).Observation},
		"completed":              {given().job().pod(exited(0)).jobEnds(batchv1.JobComplete, "").Observation},
		"cancelled too late":     late(v1alpha1.PhaseCompleted),
		"cancelled after a fail": late(v1alpha1.PhaseFailed),
		// A version without receipts wrote this status, so the time of the cancel is unknown.
		"cancelled long ago": late(v1alpha1.PhaseCancelled),
	} {
		if got := Decide(s.Observation).Status.Cancellation; got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The longest cancel reason that the CRD allows is kept whole in the receipt.
func TestLongestReceipt(t *testing.T) {
	s := given().job().cancelled()
	s.Execution.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: strings.Repeat("名", 253), Reason: strings.Repeat("因", 1024)}
	got := Decide(s.Observation).Status.Cancellation
	if got == nil || got.RequestedBy != s.Execution.Spec.Cancel.RequestedBy || got.Reason != s.Execution.Spec.Cancel.Reason {
		t.Errorf("got %+v", got)
	}
}
