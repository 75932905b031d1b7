// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestCancelRaces(t *testing.T) {
	cancelled := func() *scene { return given().job().cancelled() }
	unread := func(s *scene, waited time.Duration) *scene {
		s.Log = LogState{Waited: waited, Attempts: 1}
		return s
	}
	withoutTask := func(s *scene) *scene {
		s.Task = nil
		return s
	}
	suspended := func(s *scene) *scene {
		s.Job.Spec.Suspend = ptr.To(true)
		return s
	}
	stopped := func() *scene { return cancelled().pod(exited(143), killed, marked("Cancelled", 2*time.Second)) }
	table{
		"a cancel before the Job while the task is missing":           {withoutTask(given().cancelled()), "Cancelled/Cancelled", "before its Job was created"},
		"a cancel while the Job is refused":                           {given().cancelled().phase(v1alpha1.PhasePending, v1alpha1.ReasonJobRefused), "Cancelled/Cancelled", ""},
		"a cancel that finds a Job no status names":                   {forgetful(given().job().cancelled()), "Cancelled/Cancelled", ""},
		"a suspended Job has nothing to stop":                         {suspended(cancelled()), "Cancelled/Cancelled", ""},
		"a pod that a clock had ended is not ended twice":             {cancelled().pod(runningFor(time.Minute), marked("DeadlineExceeded", 4*time.Second)), "Cancelling/CancelRequested in 21s", ""},
		"a clock that struck first does not win":                      {cancelled().pod(exited(143), killed, marked("DeadlineExceeded", 2*time.Second)).jobEnds(batchv1.JobFailed, ""), "Cancelled/Cancelled", ""},
		"a clock that would strike now does not win":                  {given().timeout(time.Second).job().cancelled().pod(runningFor(time.Minute)), "Cancelling/CancelRequested end:run-a(Cancelled) in 25s", ""},
		"the log of a stopped run is waited for":                      {unread(stopped(), 500*time.Millisecond), "Pending/ in 1.5s", ""},
		"but not for long":                                            {unread(stopped(), 2*time.Second), "Cancelled/Cancelled", ""},
		"it completed although its pod was told to end":               {cancelled().pod(exited(0), marked("Cancelled", time.Second)).jobEnds(batchv1.JobComplete, ""), "Cancelled/FinishedWhileCancelling", ""},
		"it failed by itself just before the mark was read":           {cancelled().pod(exited(3), marked("Cancelled", time.Second)).jobEnds(batchv1.JobFailed, ""), "Cancelled/FinishedWhileCancelling", "exit code 3"},
		"the kubelet says that the container ended, and then the pod": {cancelled().pod(exited(3), stillRunning, marked("Cancelled", 3*time.Second)), "Cancelling/CancelRequested in 22s", ""},
		"a retry that began meanwhile is ended as well":               {stopped().pod(runningFor(time.Second)), "Cancelling/CancelRequested end:run-b(Cancelled) in 25s", ""},
		"all pods of a parallel Job are ended":                        {cancelled().pod(runningFor(time.Minute)).pod(runningFor(time.Minute)), "Cancelling/CancelRequested end:run-a(Cancelled) end:run-b(Cancelled) in 25s", ""},
		"the Job was replaced by one of another UID":                  {replace(cancelled()), "Cancelled/Cancelled", "already deleted"},
		"an execution that is being deleted is left alone":            {deleting(cancelled().pod(runningFor(time.Minute))), "Pending/", ""},
		"a Job that is being deleted is not deleted once more":        {deletingJob(cancelled().pod(runningFor(time.Minute), marked("Cancelled", 25*time.Second))), "Cancelling/CancelRequested in 30s", ""},
	}.run(t)
}

func deletingJob(s *scene) *scene {
	s.Job.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
	return s
}

func TestCancelOfAFinishedRunChangesNothing(t *testing.T) {
	for _, phase := range []v1alpha1.Phase{v1alpha1.PhaseCompleted, v1alpha1.PhaseFailed, v1alpha1.PhaseCancelled} {
		s := given().job().cancelled().phase(phase, "Anything").pod(exited(0)).jobEnds(batchv1.JobComplete, "")
		s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon.Add(-time.Hour)))
		plan := Decide(logSettled(s).Observation)
		if decision(plan) != string(phase)+"/Anything" || !plan.Status.CompletionTime.Equal(s.Execution.Status.CompletionTime) {
			t.Errorf("decided %s, ended %s", decision(plan), plan.Status.CompletionTime)
		}
	}
}

func TestCancelKeepsTheExitCode(t *testing.T) {
	for name, c := range map[string]struct {
		scene *scene
		want  int32
	}{
		"of a run that completed":   {given().job().cancelled().pod(exited(0)).jobEnds(batchv1.JobComplete, ""), 0},
		"of a run that failed":      {given().job().cancelled().pod(exited(3)).jobEnds(batchv1.JobFailed, ""), 3},
		"of a run that was stopped": {given().job().cancelled().pod(exited(143), killed, marked("Cancelled", time.Second)), 143},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Decide(c.scene.Observation).Status.ExitCode; got == nil || *got != c.want {
				t.Errorf("got %v, want %d", got, c.want)
			}
		})
	}
}

// The kubelet reports the end of the containers before the end of the pod. The run ends with the second report, so that
// its record has the exit code and the time of the end.
func TestCancelBetweenTheEndsOfContainerAndPod(t *testing.T) {
	s := startedBefore(given().job(), time.Minute).cancelled().pod(exited(137), stillRunning, marked("Cancelled", 3*time.Second))
	between := Decide(s.Observation).Status
	s.Execution.Status = between
	killed(s.Pods[0])
	after := Decide(s.Observation).Status
	if between.Phase != v1alpha1.PhaseCancelling || after.Phase != v1alpha1.PhaseCancelled {
		t.Fatalf("first %s, then %s", between.Phase, after.Phase)
	}
	pod := after.Pods[0]
	if after.ExitCode == nil || *after.ExitCode != 137 || pod.FinishTime == nil || after.Cancellation.Outcome != v1alpha1.CancellationForced {
		t.Errorf("exit code %v, pod %+v, receipt %+v", after.ExitCode, pod, after.Cancellation)
	}
}

func TestCancelMessage(t *testing.T) {
	for name, c := range map[string]struct{ by, why, want string }{
		"nobody says anything": {"", "", "cancelled"},
		"who":                  {"ann", "", "cancelled by ann"},
		"why":                  {"", "enough", "cancelled: enough"},
		"who and why":          {"ann", "enough", "cancelled by ann: enough"},
	} {
		t.Run(name, func(t *testing.T) {
			s := given().cancelled()
			s.Execution.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: c.by, Reason: c.why}
			if got := cancelMessage(&s.Observation); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The reason that somebody gives for a cancel is one sanitized line in the receipt, in the message (which tables and
// Events show) and in each condition.
func TestCase32CancelReasonIsOneLineWhereItIsShown(t *testing.T) {
	const said = "the disk\n\tis full\u2028\x1b[31mnow\x1b[0m\u202e\x00"
	s := given().job().cancelled().pod(exited(143), killed, marked("Cancelled", time.Second))
	s.Execution.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: "ann\n", Reason: said}
	status := Decide(s.Observation).Status
	const shown = "cancelled by ann : the disk \tis full now"
	if status.Message != shown {
		t.Errorf("message %q, want %q", status.Message, shown)
	}
	for i := range status.Conditions {
		if c := &status.Conditions[i]; strings.ContainsFunc(c.Message, func(r rune) bool { return r == '\n' || r == 0x1b || r == 0x202e }) {
			t.Errorf("condition %s says %q", c.Type, c.Message)
		}
	}
	if status.Cancellation == nil || status.Cancellation.Reason != "the disk \tis full now" || status.Cancellation.RequestedBy != "ann" {
		t.Errorf("receipt %+v", status.Cancellation)
	}
}

// The longest cancel reason that the CRD allows does not fit into a message.
func TestLongestCancelMessageIsCut(t *testing.T) {
	s := given().job().cancelled()
	s.Execution.Spec.Cancel = &v1alpha1.CancelRequest{RequestedBy: strings.Repeat("名", 253), Reason: strings.Repeat("因", 1024)}
	message := Decide(s.Observation).Status.Message
	if len(message) > maxMessage || !strings.HasSuffix(message, "因…") {
		t.Errorf("%d bytes, ending in %q", len(message), message[len(message)-10:])
	}
}

// A cancel handles every value of our annotation on a pod.
func TestCancelOfAPodWithAHostileMark(t *testing.T) {
	const again = "Cancelling/CancelRequested end:run-a(Cancelled) in 25s"
	tests := table{}
	for name, mark := range map[string]string{
		"empty":            "",
		"one word":         "Cancelled",
		"no time":          "Cancelled soon",
		"a time of day":    "Cancelled 12:00",
		"only spaces":      "   ",
		"a long text":      strings.Repeat("x ", 1<<16),
		"control bytes":    "\x00 \x1b[31m",
		"another calendar": "Cancelled 5786-10-13T00:00:00+99:99",
	} {
		tests[name] = struct {
			scene *scene
			want  string
			says  string
		}{given().job().cancelled().pod(runningFor(time.Minute), func(pod *corev1.Pod) {
			pod.Annotations = map[string]string{v1alpha1.AnnotationEnded: mark}
		}), again, ""}
	}
	tests.run(t)
}
