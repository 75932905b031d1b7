// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// world is a cluster with one execution in which anything may happen at any time. It is worse than Kubernetes on
// purpose. Every invariant of a status must hold in it.
type world struct {
	*rapid.T
	Observation
	// job and task are in the API server. Those of the Observation are in the cache.
	job     *batchv1.Job
	task    *v1alpha1.Task
	created int
	pods    int
	// logs are in the stored status. The controller's cache drops them.
	logs []v1alpha1.LogEntry
	// printed counts the lines of all containers; read counts those that this life of the controller has read.
	printed, read int64
}

func newWorld(t *rapid.T) *world {
	w := &world{T: t, Observation: given().Observation}
	w.task = w.Observation.Task
	w.Options.Language = Chinese
	spec := &w.task.Spec
	if w.either("the Task has a timeout") {
		spec.Timeout = &metav1.Duration{Duration: w.seconds("timeout", 60)}
	}
	if w.either("the Task has no startTimeout") {
		spec.StartTimeout = nil
	}
	if w.either("the Task has a queueTimeout") {
		spec.QueueTimeout = &metav1.Duration{Duration: w.seconds("queueTimeout", 200)}
	}
	if policy := pick(w, "concurrency policy", "", v1alpha1.ConcurrencyAllow, v1alpha1.ConcurrencyForbid, v1alpha1.ConcurrencyReplace, v1alpha1.ConcurrencyQueue); policy != "" {
		spec.Concurrency = &v1alpha1.ConcurrencySpec{Policy: policy, MaxRunning: ptr.To[int32](3), MaxQueued: ptr.To[int32](5)}
	}
	spec.Logs.MaxEntries = int32(w.number("maxEntries", 2, 21))
	w.shapesJob(&spec.JobTemplate.Spec)
	return w
}

// either draws true or false. It shrinks to false.
func (w *world) either(what string) bool { return rapid.Bool().Draw(w.T, what) }

// chance draws true once in oneIn times.
func (w *world) chance(what string, oneIn int) bool { return w.number(what, 0, oneIn-1) == oneIn-1 }

func (w *world) number(what string, from, to int) int {
	return rapid.IntRange(from, to).Draw(w.T, what)
}

func (w *world) seconds(what string, atMost int) time.Duration {
	return time.Duration(w.number(what+" in seconds", 1, atMost)) * time.Second
}

func pick[V any](w *world, what string, from ...V) V { return rapid.SampledFrom(from).Draw(w.T, what) }

// happenings are all changes to the run that the controller does not make.
func (w *world) happenings() map[string]func(*rapid.T) {
	actions := map[string]func(){
		"time passes":                      w.timePasses,
		"a user cancels":                   w.cancels,
		"a user deletes the Task":          func() { w.task = nil },
		"a user suspends the Task":         w.suspendsTask,
		"somebody deletes the Job":         func() { w.job = nil },
		"somebody suspends the Job":        w.suspendsJob,
		"the Job is suspended":             w.noticesSuspension,
		"the Job decides":                  w.jobDecides,
		"the Job controller creates a pod": w.makesPod,
		"the Job controller counts":        w.counts,
		"the Job ends":                     w.jobEnds,
		"a kubelet starts a container":     w.onPod(w.starts),
		"a kubelet cannot pull":            w.onPod(func(pod *corev1.Pod) { onNode(pod); waiting("ErrImagePull")(pod) }),
		"a container ends":                 w.onPod(w.exits),
		"a container is restarted":         w.onPod(containerRestarts),
		"a kubelet ends a pod as told":     w.onPod(w.obeys),
		"a node is lost":                   w.onPod(func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodUnknown }),
		"somebody deletes a pod":           w.onPod(w.isDeleted),
		"a pod is gone":                    w.podGoes,
		"the program prints":               w.prints,
		"the log is read":                  w.reads,
		"the log is given up":              w.givesUp,
	}
	out := map[string]func(*rapid.T){}
	for name, act := range actions {
		out[name] = func(*rapid.T) { act() }
	}
	return out
}

func (w *world) timePasses() {
	w.Now = w.Now.Add(time.Duration(w.number("milliseconds", 1, 90_000)) * time.Millisecond)
	w.Observation.Log.Waited = time.Duration(w.number("seconds since the containers ended", 0, 3)) * time.Second
	w.Observation.Log.Due = w.either("the tail is due")
}

func (w *world) cancels() {
	if w.Execution.Spec.Cancel == nil {
		w.Execution.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "因为", RequestedBy: "ann"}
		w.Execution.Generation++
	}
}

func (w *world) suspendsTask() {
	if w.task != nil {
		w.task.Spec.Suspended = !w.task.Spec.Suspended
	}
}

func (w *world) suspendsJob() {
	if w.job != nil && !JobFinished(w.job) {
		w.job.Spec.Suspend = ptr.To(!ptr.Deref(w.job.Spec.Suspend, false))
	}
}

func (w *world) makesPod() {
	if w.job == nil || JobFinished(w.job) || len(w.Pods) >= maxPods+3 {
		return
	}
	pod := given().pod().Pods[0]
	pod.CreationTimestamp = metav1.NewTime(w.Now)
	if jobspec.IsIndexed(w.job) {
		indexed(int32(w.number("index", 0, 2)))(pod)
	}
	pod.Name = fmt.Sprintf("pod-%d", w.pods)
	pod.UID = types.UID(pod.Name + "-uid")
	w.pods++
	w.Pods = append(w.Pods, pod)
}

func (w *world) counts() {
	if w.job != nil {
		w.job.Status.Failed = int32(w.number("failed pods", 0, len(w.Pods)))
		w.job.Status.Succeeded = int32(w.number("succeeded pods", 0, len(w.Pods)))
	}
}

func (w *world) jobEnds() {
	if w.job == nil || JobFinished(w.job) {
		return
	}
	w.jobSays(pick(w, "with", batchv1.JobComplete, batchv1.JobFailed))
}

func (w *world) jobSays(condition batchv1.JobConditionType) {
	reason := pick(w, "because", "Any", batchv1.JobReasonBackoffLimitExceeded, batchv1.JobReasonDeadlineExceeded)
	w.job.Status.Conditions = append(w.job.Status.Conditions, batchv1.JobCondition{
		Type: condition, Status: corev1.ConditionTrue, Reason: reason, Message: "any", LastTransitionTime: metav1.NewTime(w.Now),
	})
}

// jobDecides makes the Job decide how it ends. It deletes its running pods, now or later.
func (w *world) jobDecides() {
	if w.job == nil || hasDecided(w.job) {
		return
	}
	w.jobSays(pick(w, "that it will", batchv1.JobFailureTarget, batchv1.JobSuccessCriteriaMet))
	w.deletesPods()
}

func (w *world) deletesPods() {
	for _, pod := range w.Pods {
		if !podEnded(pod) && w.either("it deletes "+pod.Name) {
			w.isDeleted(pod)
		}
	}
}

// shapesJob draws the number of pods, and whether failures count together or for each index.
func (w *world) shapesJob(spec *batchv1.JobSpec) {
	w.Observation.Task.Spec.Retries = int32(w.number("retries", 0, 2))
	if w.either("the Job has one completion") {
		return
	}
	spec.Completions, spec.Parallelism = ptr.To(int32(w.number("completions", 1, 3))), ptr.To(int32(w.number("parallelism", 1, 3)))
	if w.either("the Job is not Indexed") {
		return
	}
	spec.CompletionMode = ptr.To(batchv1.IndexedCompletion)
	if w.either("each index has retries") {
		spec.BackoffLimitPerIndex = ptr.To(int32(w.number("retries of an index", 0, 1)))
	}
}

// noticesSuspension plays the Job controller: it reports that its Job is suspended or resumed, and deletes running
// pods.
func (w *world) noticesSuspension() {
	if w.job == nil || JobFinished(w.job) {
		return
	}
	is := corev1.ConditionFalse
	if jobSuspended(w.job) {
		is = corev1.ConditionTrue
		w.deletesPods()
	}
	w.job.Status.Conditions = slices.DeleteFunc(w.job.Status.Conditions, func(c batchv1.JobCondition) bool { return c.Type == batchv1.JobSuspended })
	w.job.Status.Conditions = append(w.job.Status.Conditions, batchv1.JobCondition{Type: batchv1.JobSuspended, Status: is, LastTransitionTime: metav1.NewTime(w.Now)})
	w.job.Status.StartTime = ptr.To(metav1.NewTime(w.Now))
}

// onPod applies an action to a pod that has not ended, if there is one.
func (w *world) onPod(act func(*corev1.Pod)) func() {
	return func() {
		live := slices.DeleteFunc(slices.Clone(w.Pods), podEnded)
		if len(live) > 0 {
			act(live[w.number("pod", 0, len(live)-1)])
		}
	}
}

// began returns the time of a node whose clock may be behind.
func (w *world) began() metav1.Time {
	return metav1.NewTime(w.Now.Add(-w.seconds("the node's clock, behind", 90)))
}

func (w *world) starts(pod *corev1.Pod) {
	onNode(pod)
	pod.Status.Phase = corev1.PodRunning
	containerIs(pod, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: w.began()}})
}

func (w *world) exits(pod *corev1.Pod) {
	code := int32(w.number("exit code", 0, 2))
	pod.Status.Phase = corev1.PodFailed
	if code == 0 {
		pod.Status.Phase = corev1.PodSucceeded
	}
	containerIs(pod, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error", StartedAt: w.began(), FinishedAt: metav1.NewTime(w.Now)}})
}

func containerRestarts(pod *corev1.Pod) {
	if len(pod.Status.ContainerStatuses) > 0 {
		pod.Status.ContainerStatuses[0].RestartCount++
	}
}

func (w *world) obeys(pod *corev1.Pod) {
	if _, _, told := endMark(pod); told {
		killed(pod)
	}
}

// isDeleted deletes a pod. A pod on a node stays until the node confirms its end.
func (w *world) isDeleted(pod *corev1.Pod) {
	if pod.DeletionTimestamp == nil {
		pod.DeletionTimestamp = ptr.To(metav1.NewTime(w.Now.Add(gracePeriod(pod))))
	}
}

func (w *world) podGoes() {
	if n := len(w.Pods); n > 0 {
		at := w.number("pod", 0, n-1)
		w.Pods = slices.Delete(slices.Clone(w.Pods), at, at+1)
	}
}

// prints adds lines, which this life of the controller reads now or later.
func (w *world) prints() {
	if len(w.Pods) > 0 && w.Execution.Status.StartTime != nil {
		w.printed += int64(w.number("lines", 1, 12))
	}
}

func (w *world) reads() {
	l := &w.Observation.Log
	if left := w.printed - w.read; len(w.Pods) > 0 && left > 0 {
		for range w.number("lines read", 1, int(left)) {
			w.read++
			l.Tail = append(l.Tail, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(w.Now), Level: v1alpha1.LogInfo, Message: fmt.Sprint("line ", w.read)})
		}
	}
	l.Lines, l.Bytes = w.read, 10*w.read
	if over := len(l.Tail) - int(w.limits().MaxEntries); over > 0 {
		l.Tail, l.Dropped = slices.Clone(l.Tail[over:]), l.Dropped+int64(over)
	}
	l.Attempts, l.GaveUp = len(w.Pods), ""
	l.Read = w.either("to its end")
	l.Drained = l.Read && w.either("and archived")
}

func (w *world) givesUp() {
	if !w.Observation.Log.Drained {
		w.Observation.Log.GaveUp = v1alpha1.ReasonLogsUnavailable
	}
}

func (w *world) limits() jobspec.Snapshot {
	switch {
	case w.job != nil:
		l, _ := jobspec.SnapshotOf(w.job)
		return l
	case w.task != nil:
		return jobspec.SnapshotFor(w.task, w.Execution)
	default:
		return jobspec.DefaultSnapshot()
	}
}
