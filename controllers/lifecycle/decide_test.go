// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// decision renders a Plan for a table: "Phase/Reason" of the status, then the actions.
func decision(p Plan) string {
	out := string(p.Status.Phase) + "/" + p.Status.Reason
	if p.Create != nil {
		out += " create"
	}
	for _, key := range p.Replace {
		out += " cancel:" + key.Name
	}
	for _, pod := range p.End {
		out += " end:" + pod.Name + "(" + p.EndReason + ")"
	}
	if p.DeleteJob {
		out += " delete-job"
	}
	if p.Requeue > 0 {
		out += " in " + p.Requeue.String()
	}
	return out
}

type table map[string]struct {
	scene *scene
	want  string
	says  string
}

func (tests table) run(t *testing.T) {
	t.Helper()
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			plan := Decide(c.scene.Observation)
			if got := decision(plan); got != c.want {
				t.Errorf("decided %q, want %q", got, c.want)
			}
			if !strings.Contains(plan.Status.Message, c.says) {
				t.Errorf("it says %q, want %q in it", plan.Status.Message, c.says)
			}
		})
	}
}

func TestStart(t *testing.T) {
	with := func(s *scene, outcome StartOutcome, message string) *scene {
		s.Start = StartResult{outcome, message}
		return s
	}
	without := func(s *scene, age time.Duration) *scene {
		s.Task = nil
		s.Execution.CreationTimestamp = metav1.NewTime(noon.Add(-age))
		return s
	}
	table{
		"a new one gets its Job":            {given(), "/ create", ""},
		"params that fail":                  {given().task(func(s *v1alpha1.TaskSpec) { s.Parameters = schema(`{"required":["mid"]}`) }), "Failed/InvalidParams", "mid"},
		"params that are no object":         {given().params(`[1]`), "Failed/InvalidParams", ""},
		"a schema that is none":             {given().task(func(s *v1alpha1.TaskSpec) { s.Parameters = schema(`{"type":7}`) }), "Failed/InvalidTask", "sync"},
		"without its task it waits":         {without(given(), time.Minute), "Pending/TaskNotFound in 5m0s", `"sync" does not exist in namespace "ns"`},
		"and fails in the end":              {without(given(), time.Hour).waitedFor("TaskNotFound", 5*time.Minute), "Failed/TaskNotFound", "waited 5m0s"},
		"a Job that is refused is retried":  {with(given(), StartRefused, "exceeded quota"), "Pending/JobRefused in 10s", "exceeded quota"},
		"but not for ever":                  {with(given().waitedFor("JobRefused", 5*time.Minute), StartRefused, "exceeded quota"), "Failed/JobRefused", "exceeded quota"},
		"an impossible Job fails":           {with(given(), StartInvalid, "spec.x: Invalid"), "Failed/InvalidJobTemplate", "spec.x"},
		"somebody else's Job is a conflict": {with(given(), StartConflict, "left alone"), "Failed/NameConflict", "left alone"},
		"one that is being deleted is left": {deleting(given()), "/", ""},
		"no second Job is created":          {given().job(), "Pending/JobCreated in 4m30s", ""},
		"an adopted Job is as good as ours": {forgetful(given().job()), "Pending/JobCreated in 4m30s", ""},
		"a lost Job is not recreated":       {lose(given().job()), "Failed/JobLost", "not started again"},
		"nor one that another replaced":     {replace(given().job()), "Failed/JobLost", ""},
		"a Job that we deleted for a node that does not obey": {
			lose(given().timeout(time.Minute).job().pod(runningFor(90*time.Second), marked("DeadlineExceeded", 26*time.Second))),
			"Failed/DeadlineExceeded", "timeout of 1m0s; its Job was deleted, because its node did not confirm",
		},
		"and that pod has ended after all": {
			lose(given().timeout(time.Minute).job().pod(exited(143), killed, marked("DeadlineExceeded", 26*time.Second))), "Failed/DeadlineExceeded", "",
		},
		"a lost Job of a pod that had ended before it was told":  {lose(given().job().pod(exited(1), marked("DeadlineExceeded", 0))), "Failed/JobLost", ""},
		"a lost Job of a pod that somebody marked with nonsense": {lose(given().job().pod(runningFor(0), marked("Nonsense", 0))), "Failed/JobLost", ""},
		"a lost Job of a cancelled run":                          {lose(given().job().cancelled()), "Cancelled/Cancelled", "already deleted"},
		"a finished run gets no Job":                             {given().phase(v1alpha1.PhaseFailed, v1alpha1.ReasonTaskNotFound), "Failed/TaskNotFound", ""},
		"nor a cancelled one that has begun":                     {given().cancelled(), "Cancelled/Cancelled", "before its Job was created"},
	}.run(t)
}

func schema(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

func deleting(s *scene) *scene {
	s.Execution.DeletionTimestamp = ptr.To(metav1.NewTime(noon))
	return s
}

// forgetful empties the status: the controller crashed after it created the Job and before it wrote the status.
func forgetful(s *scene) *scene {
	s.Execution.Status = v1alpha1.TaskExecutionStatus{}
	return s
}

func lose(s *scene) *scene {
	s.Job = nil
	return s
}

func replace(s *scene) *scene {
	s.Job.UID = "another"
	return s
}

func TestProgress(t *testing.T) {
	suspended := func(s *scene) *scene {
		s.Job.Spec.Suspend = ptr.To(true)
		return s
	}
	unschedulable := func(pod *corev1.Pod) {
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes"}}
	}
	table{
		"no pod yet":                     {given().job(), "Pending/JobCreated in 4m30s", ""},
		"a pod that waits for moments":   {given().job().pod(onNode, waiting("ContainerCreating")), "Pending/JobCreated in 4m30s", ""},
		"no node":                        {given().job().pod(unschedulable), "Pending/JobCreated in 4m30s", "Unschedulable: 0/1 nodes"},
		"no image, first":                {given().job().pod(onNode, waiting("ErrImagePull")), "Pending/JobCreated in 1m0s", `ImagePullBackOff: image "busybox"`},
		"no image, then":                 {given().job().pod(onNode, waiting("ImagePullBackOff")), "Pending/JobCreated in 1m0s", `ImagePullBackOff: image "busybox"`},
		"a config that is missing":       {given().job().pod(onNode, waiting("CreateContainerConfigError")), "Pending/JobCreated in 4m30s", "CreateContainerConfigError"},
		"a suspended Job":                {suspended(given().job()), "Queued/JobSuspended", "suspended"},
		"a container runs":               {given().job().pod(runningFor(time.Second)), "Running/ContainerStarted", ""},
		"it runs under a clock":          {given().timeout(30 * time.Second).job().pod(runningFor(time.Second)), "Running/ContainerStarted in 29s", ""},
		"a pod ended, the Job knows not": {given().job().pod(exited(1)), "Pending/", ""},
		"the Job will retry":             {given().job().pod(exited(1)).counted(0, 1), "Running/Retrying", "attempt 1 failed"},
		"the next pod waits":             {given().job().pod(exited(1)).counted(0, 1).pod(onNode), "Running/Retrying in 4m49s", ""},
		"the next pod runs":              {given().job().pod(exited(1)).counted(0, 1).pod(runningFor(0)), "Running/ContainerStarted", ""},
	}.run(t)
}

func TestFinish(t *testing.T) {
	oom := func(pod *corev1.Pod) { pod.Status.ContainerStatuses[0].State.Terminated.Reason = "OOMKilled" }
	evicted := func(pod *corev1.Pod) { pod.Status.Reason = "Evicted" }
	preempted := func(pod *corev1.Pod) {
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "PreemptionByScheduler"}}
	}
	failedJob := func(s *scene) *scene { return s.counted(0, 1).jobEnds(batchv1.JobFailed, "BackoffLimitExceeded") }
	unread := func(s *scene, waited time.Duration) *scene {
		s.Log = LogState{Waited: waited}
		return s
	}
	done := func() *scene { return given().job().pod(exited(0)).counted(1, 0).jobEnds(batchv1.JobComplete, "") }
	table{
		"complete":                          {done(), "Completed/Completed", ""},
		"complete, with the log on its way": {unread(done(), time.Second), "Pending/ in 1s", ""},
		"complete, with a log that is late": {unread(done(), 2*time.Second), "Completed/Completed", ""},
		"complete after the clock struck":   {done().timeout(time.Second), "Completed/Completed", ""},
		"an exit code":                      {failedJob(given().job().pod(exited(3))), "Failed/NonZeroExit", "exit code 3"},
		"out of memory":                     {failedJob(given().job().pod(exited(137), oom)), "Failed/OOMKilled", "memory"},
		"evicted":                           {failedJob(given().job().pod(exited(137), evicted)), "Failed/Evicted", "Evicted"},
		"preempted":                         {failedJob(given().job().pod(exited(143), preempted)), "Failed/Preempted", "PreemptionByScheduler"},
		"failed with no pod to tell why":    {failedJob(given().job()), "Failed/JobFailed", "BackoffLimitExceeded: in its words"},
		"the Job's own deadline":            {given().job().jobEnds(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded), "Failed/DeadlineExceeded", ""},
		"our clock, from the Job":           {failedJob(given().job().pod(exited(143), killed, marked("DeadlineExceeded", 3*time.Second))), "Failed/DeadlineExceeded", ""},
		"our mark came too late for it":     {failedJob(given().job().pod(exited(3), marked("DeadlineExceeded", 3*time.Second))), "Failed/NonZeroExit", "exit code 3"},
	}.run(t)
}

func TestCancel(t *testing.T) {
	running := func(changes ...func(*corev1.Pod)) *scene {
		return given().job().cancelled().pod(append([]func(*corev1.Pod){runningFor(time.Minute)}, changes...)...)
	}
	table{
		"a running pod is ended":                 {running(), "Cancelling/CancelRequested end:run-a(Cancelled) in 25s", "cancelled by ann: enough"},
		"waits for a pod told to end":            {running(marked("Cancelled", 5*time.Second)), "Cancelling/CancelRequested in 20s", ""},
		"a pod that does not obey loses its Job": {running(marked("Cancelled", 25*time.Second)), "Cancelling/CancelRequested delete-job in 30s", ""},
		"a node that is gone ends it":            {running(marked("Cancelled", 55*time.Second)), "Cancelled/Cancelled", "did not confirm"},
		"a pod that ended":                       {given().job().cancelled().pod(exited(143), killed, marked("Cancelled", time.Second)), "Cancelled/Cancelled", "cancelled by ann"},
		"a pod that no node has":                 {given().job().cancelled().pod(), "Cancelled/Cancelled", ""},
		"a Job without pods":                     {given().job().cancelled(), "Cancelled/Cancelled", ""},
		"ends a pod that pulls its image, too":   {given().job().cancelled().pod(onNode, waiting("ErrImagePull")), "Cancelling/CancelRequested end:run-a(Cancelled) in 10s", ""},
		"the Job completed meanwhile":            {given().job().cancelled().pod(exited(0)).jobEnds(batchv1.JobComplete, ""), "Cancelled/FinishedWhileCancelling", "completed"},
		"the Job failed meanwhile":               {given().job().cancelled().pod(exited(3)).jobEnds(batchv1.JobFailed, ""), "Cancelled/FinishedWhileCancelling", "exit code 3"},
		"the Job failed because of us":           {given().job().cancelled().pod(exited(143), killed, marked("Cancelled", time.Second)).jobEnds(batchv1.JobFailed, ""), "Cancelled/Cancelled", ""},
		"a cancel after the end changes nothing": {given().cancelled().phase(v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted), "Completed/Completed", ""},
		"an invalid mark is replaced":            {running(func(pod *corev1.Pod) { pod.Annotations = map[string]string{v1alpha1.AnnotationEnded: "x yesterday"} }), "Cancelling/CancelRequested end:run-a(Cancelled) in 25s", ""},
	}.run(t)
}

func TestDeadlines(t *testing.T) {
	late := notStartedInTime
	table{
		"within the timeout":             {given().timeout(time.Minute).job().pod(runningFor(59 * time.Second)), "Running/ContainerStarted in 1s", ""},
		"at the timeout":                 {given().timeout(time.Minute).job().pod(runningFor(time.Minute)), "Pending/ end:run-a(DeadlineExceeded) in 25s", ""},
		"the pod ended by it":            {given().timeout(time.Second).job().pod(exited(143), killed, marked("DeadlineExceeded", time.Second)), "Failed/DeadlineExceeded", "timeout of 1s"},
		"between two attempts":           {given().timeout(time.Second).job().pod(exited(1)).counted(0, 1), "Failed/DeadlineExceeded", ""},
		"a pod that ended in time":       {given().timeout(time.Second).job().pod(exited(0)), "Pending/", ""},
		"a node that is gone":            {given().timeout(time.Second).job().pod(runningFor(time.Hour), marked("DeadlineExceeded", 55*time.Second)), "Failed/DeadlineExceeded", "did not confirm"},
		"no start in time, no node":      {late(given().job().pod()), "Failed/StartTimeout", "within 5m0s"},
		"no start in time, no image":     {late(given().job().pod(onNode, waiting("ImagePullBackOff"))), "Pending/ end:run-a(StartTimeout) in 10s", ""},
		"it ended without a start":       {late(given().job().pod(onNode, waiting("ImagePullBackOff"), killed, marked("StartTimeout", time.Second))), "Failed/StartTimeout", "busybox"},
		"a start stops that clock":       {late(given().job().pod(runningFor(time.Second))), "Running/ContainerStarted", ""},
		"an execution's own timeout":     {ownTimeout(given().timeout(time.Hour), time.Minute).job().pod(runningFor(time.Minute)), "Pending/ end:run-a(DeadlineExceeded) in 25s", ""},
		"a damaged annotation: no clock": {damaged(given().timeout(time.Second).job().pod(runningFor(time.Minute))), "Running/ContainerStarted", ""},
	}.run(t)
}

func ownTimeout(s *scene, d time.Duration) *scene {
	s.Execution.Spec.Timeout = &metav1.Duration{Duration: d}
	return s
}

func damaged(s *scene) *scene {
	s.Job.Annotations[v1alpha1.AnnotationLimits] = `{"maxEntries":-1}`
	return s
}

func TestEnded(t *testing.T) {
	at := func(p v1alpha1.Phase, reason string, log LogState) *scene {
		s := given().job().pod(exited(1)).phase(p, reason)
		s.Execution.Status.CompletionTime = ptr.To(metav1.NewTime(noon))
		s.Log = log
		return s
	}
	read := LogState{Read: true, Drained: true, Attempts: 1}
	table{
		"a stopped run loses its Job":              {at(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled, read), "Cancelled/Cancelled delete-job", ""},
		"but not before its log is read":           {at(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled, LogState{}), "Cancelled/Cancelled", ""},
		"nor for ever":                             {at(v1alpha1.PhaseCancelled, v1alpha1.ReasonCancelled, LogState{GaveUp: "Unavailable"}), "Cancelled/Cancelled delete-job", ""},
		"a timed-out run too":                      {at(v1alpha1.PhaseFailed, v1alpha1.ReasonDeadlineExceeded, read), "Failed/DeadlineExceeded delete-job", ""},
		"a run that ended by itself keeps its Job": {at(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, read), "Failed/NonZeroExit", ""},
		"whatever the Job says later":              {at(v1alpha1.PhaseFailed, v1alpha1.ReasonJobLost, read).jobEnds(batchv1.JobComplete, ""), "Failed/JobLost", ""},
	}.run(t)
}
