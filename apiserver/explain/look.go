package explain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// because puts a reason after a clause, if there is one.
func because(why string) string {
	why = strings.TrimSuffix(strings.TrimSpace(why), ".")
	if why == "" {
		return ""
	}
	return ": " + why
}

// hasFailed tells whether a run failed for one of some reasons.
func (o *Observation) hasFailed(reasons ...string) bool {
	if o.Execution.Status.Phase != v1alpha1.PhaseFailed {
		return false
	}
	for _, reason := range reasons {
		if o.Execution.Status.Reason == reason {
			return true
		}
	}
	return len(reasons) == 0
}

func (o *Observation) ended() bool { return o.Execution.Status.Phase.IsTerminal() }

// last is the newest pod, nil when there is none.
func (o *Observation) last() *corev1.Pod {
	if len(o.Pods) == 0 {
		return nil
	}
	return &o.Pods[len(o.Pods)-1]
}

// waitingPod is the newest pod that may still start something, nil where there is none.
func (o *Observation) waitingPod() *corev1.Pod {
	for i := len(o.Pods) - 1; i >= 0 && !o.ended(); i-- {
		if phase := o.Pods[i].Status.Phase; phase != corev1.PodSucceeded && phase != corev1.PodFailed {
			return &o.Pods[i]
		}
	}
	return nil
}

// lastMirror is what the status keeps of the newest pod, nil when no pod got so far.
func (o *Observation) lastMirror() *v1alpha1.PodMirror {
	if n := len(o.Execution.Status.Pods); n > 0 {
		return &o.Execution.Status.Pods[n-1]
	}
	return nil
}

// nodeOf the pod that decided how the run ended, or else the newest, empty when it has none.
func (o *Observation) nodeOf() string {
	if decided := o.Execution.Status.DecidingPod(); decided != nil {
		return decided.Node
	}
	if pod := o.last(); pod != nil {
		return pod.Spec.NodeName
	}
	if m := o.lastMirror(); m != nil {
		return m.Node
	}
	return ""
}

// sensitive: the run has sensitive params, so that what its program printed, and the command line that a node quotes,
// may have their values.
func (o *Observation) sensitive() bool { return o.Execution.Spec.SecretParams != nil }

const notShown = "its message is not shown, because the run has sensitive params"

// statusesOf a pod's containers, in the order in which they start.
func statusesOf(pod *corev1.Pod) []corev1.ContainerStatus {
	out := make([]corev1.ContainerStatus, 0, len(pod.Status.InitContainerStatuses)+len(pod.Status.ContainerStatuses))
	return append(append(out, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
}

// containerOf finds a container in a pod's spec, nil when there is none of that name.
func containerOf(pod *corev1.Pod, name string) *corev1.Container {
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			if containers[i].Name == name {
				return &containers[i]
			}
		}
	}
	return nil
}

// failedContainer is the container whose failure decided a pod's, nil when none failed.
func failedContainer(pod *corev1.Pod) *corev1.ContainerStatus {
	c := jobspec.Decisive(pod, pod.Annotations[v1alpha1.AnnotationLogContainer])
	if c == nil || c.State.Terminated.ExitCode == 0 {
		return nil
	}
	return c
}

// eventOf the run's objects with that reason, the newest, nil when there is none.
func (o *Observation) eventOf(kind, reason string) *corev1.Event {
	for i := range o.Events {
		if e := &o.Events[i]; e.InvolvedObject.Kind == kind && e.Reason == reason {
			return e
		}
	}
	return nil
}

// At is when an Event was last seen. Those of the newer API have no lastTimestamp.
func At(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	default:
		return e.CreationTimestamp.Time
	}
}

// forPeople rounds a duration to what a person wants to read.
func forPeople(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// onNode says where, if it is known.
func onNode(node string) string {
	if node == "" {
		return ""
	}
	return fmt.Sprintf(" on node %q", node)
}

// times counts for people.
func times(n int32, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
