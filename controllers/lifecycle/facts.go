package lifecycle

import (
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// facts are what several rules want to know of an Observation, worked out once.
type facts struct {
	limits jobspec.Limits
	// started is when the first container of the run started, zero when none has.
	started time.Time
	// ended is when the last container that has ended did so, zero when none has.
	ended time.Time
	// live pods may still run something.
	live []*corev1.Pod
	// terminated counts pods that have ended.
	terminated int
	// last is the newest pod, nil when there is none.
	last *corev1.Pod
	// suspension is the account of when the run was held after it had started, nil when it never was.
	suspension *v1alpha1.Suspension
	// clocks of the run.
	clocks clocks
}

// isPaused reports whether a run that had started was suspended and has not started again.
func (f facts) isPaused() bool { return f.suspension != nil && f.suspension.Since != nil }

// waits reports whether a run waits for its first container to start, or for the first since it was suspended.
func (f facts) waits() bool { return f.started.IsZero() || f.isPaused() }

// endedBefore is when the last container that has ended did so, where that was before a time, zero otherwise.
func (f facts) endedBefore(at time.Time) time.Time {
	if f.ended.After(at) {
		return time.Time{}
	}
	return f.ended
}

func gather(o *Observation) facts {
	var f facts
	if o.Job != nil {
		// A damaged annotation gives the defaults; who damaged it cannot make the run immortal.
		f.limits, _ = jobspec.LimitsOf(o.Job)
	} else if o.Task != nil {
		f.limits = jobspec.LimitsFor(o.Task, o.Execution)
	}
	for _, pod := range o.Pods {
		from, to := containerTimes(pod)
		if !from.IsZero() && (f.started.IsZero() || from.Before(f.started)) {
			f.started = from
		}
		if to.After(f.ended) {
			f.ended = to
		}
		if podEnded(pod) {
			f.terminated++
		} else {
			f.live = append(f.live, pod)
		}
		f.last = pod
	}
	if t := o.Execution.Status.StartTime; t != nil {
		f.started = t.Time // the first word stands, also when the first pod is gone
	}
	f.suspension = suspensionOf(o, f)
	f.clocks = clocksOf(o, f)
	return f
}

func podEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// PodMayRun tells whether a node has the pod and it has not ended.
func PodMayRun(pod *corev1.Pod) bool { return !podEnded(pod) && pod.Spec.NodeName != "" }

// PodGoesOn tells whether a pod whose execution is gone is believed to run: until it has ended or, where it was
// deleted, until its node is overdue with its end.
func PodGoesOn(pod *corev1.Pod, now time.Time) bool {
	overdue := pod.DeletionTimestamp != nil && !now.Before(pod.DeletionTimestamp.Add(giveUpMargin))
	return PodMayRun(pod) && !overdue
}

// JobFinished tells whether a Job makes no more pods.
func JobFinished(job *batchv1.Job) bool {
	return jobspec.TrueCondition(job, batchv1.JobComplete) != nil || jobspec.TrueCondition(job, batchv1.JobFailed) != nil
}

// containerTimes gives the first start and the last finish of a pod's containers, zero where there is none.
func containerTimes(pod *corev1.Pod) (from, to time.Time) {
	visit := func(s corev1.ContainerStatus) {
		for _, state := range []corev1.ContainerState{s.LastTerminationState, s.State} {
			switch {
			case state.Running != nil:
				from = earlier(from, state.Running.StartedAt.Time)
			case state.Terminated != nil:
				from = earlier(from, state.Terminated.StartedAt.Time)
				if state.Terminated.FinishedAt.After(to) {
					to = state.Terminated.FinishedAt.Time
				}
			}
		}
	}
	for _, s := range pod.Status.InitContainerStatuses {
		visit(s)
	}
	for _, s := range pod.Status.ContainerStatuses {
		visit(s)
	}
	return from, to
}

// earlier of two times, where zero is no time. A kubelet that lost track of a container reports the epoch.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || b.Unix() <= 0 || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

// endMark reads why and when we ended a pod, from the annotation; ok is false when we did not.
func endMark(pod *corev1.Pod) (reason string, at time.Time, ok bool) {
	reason, stamp, found := strings.Cut(pod.Annotations[v1alpha1.AnnotationEnded], " ")
	if !found {
		return "", time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, stamp)
	return reason, at, err == nil
}

// endMarked tells whether we ended a pod for that reason.
func endMarked(pod *corev1.Pod, reason string) bool {
	why, _, ok := endMark(pod)
	return ok && why == reason
}

// EndMark is the value of the annotation that says that we ended a pod.
func EndMark(reason string, at time.Time) string {
	return reason + " " + at.UTC().Format(time.RFC3339)
}

// endedByUs gives why we ended the newest pod, if we did and the kubelet did as it was told.
func endedByUs(f facts) (reason string, ok bool) {
	if f.last == nil {
		return "", false
	}
	return podEndedByUs(f.last)
}

// podDeadlineExceeded is the kubelet's reason on a pod that it ended for its activeDeadlineSeconds.
const podDeadlineExceeded = "DeadlineExceeded"
