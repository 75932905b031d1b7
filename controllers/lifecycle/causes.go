package lifecycle

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// The kubelet's words for a container that waits (pkg/kubelet/kuberuntime, pkg/kubelet/kubelet_pods.go), and for one
// that a runtime could not start (containerd, docker).
const (
	waitsCrashLoop    = "CrashLoopBackOff"
	waitsConfigError  = "CreateContainerConfigError"
	endedStartError   = "StartError"
	endedCannotRun    = "ContainerCannotRun"
	podSandboxIsReady = "PodReadyToStartContainers" // corev1.PodReadyToStartContainers: volumes are mounted and the sandbox exists
)

// containerWaits says what a container waits for, empty when it is only a matter of moments.
func containerWaits(o *Observation, s *corev1.ContainerStatus) string {
	w := s.State.Waiting
	if w == nil {
		return ""
	}
	switch w.Reason {
	case "", "ContainerCreating", "PodInitializing":
		return ""
	case waitsCrashLoop:
		// The kubelet's message has the length of the pause, which changes all the time.
		how := ""
		if t := s.LastTerminationState.Terminated; t != nil {
			how = fmt.Sprintf(" ended with exit code %d, and", t.ExitCode)
			if !hasRun(t) {
				how = " could not be started" + afterColon(runtimeWords(o, t.Message)) + "; it"
			}
		}
		return fmt.Sprintf("%s: container %q%s is to be started again", w.Reason, s.Name, how)
	case waitsConfigError: // it names what is missing, and has no word of a command line
		return fmt.Sprintf("%s: container %q%s", w.Reason, s.Name, afterColon(w.Message))
	default:
		return fmt.Sprintf("%s: container %q%s", w.Reason, s.Name, afterColon(runtimeWords(o, w.Message)))
	}
}

// wrappers are what containerd and runc put before the cause.
var wrappers = []string{
	"failed to create containerd task: ", "failed to create shim task: ", "OCI runtime create failed: ", "runc create failed: ",
	"unable to start container process: ", "error during container init: ", "failed to start container process: ",
}

// runtimeWords gives the cause out of what a runtime says of a container that it could not start. Such words quote the
// command line, into which a sensitive param may have been expanded: of a run that has some they are not repeated.
func runtimeWords(o *Observation, message string) string {
	if o.Execution.Spec.SecretParams != nil {
		return ""
	}
	from := 0
	for _, wrapper := range wrappers {
		if at := strings.LastIndex(message, wrapper); at >= 0 {
			from = max(from, at+len(wrapper))
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(message[from:]), ": unknown")
}

// notStarted reports whether the container that decided a pod's end was never started, because its runtime could not.
// It runs no program then, and its exit code is the runtime's.
func notStarted(o *Observation, name string, t *corev1.ContainerStateTerminated) (message string, is bool) {
	if t == nil || hasRun(t) || (t.Reason != endedStartError && t.Reason != endedCannotRun) {
		return "", false
	}
	return fmt.Sprintf("container %q could not be started%s", name, afterColon(runtimeWords(o, t.Message))), true
}

// sayingWhy adds to where a run stands what keeps the next container from starting.
func sayingWhy(o *Observation, f facts, v verdict) verdict {
	why := waitingFor(o, f)
	if f.last != nil && podEnded(f.last) {
		why = o.PodsRefused
	}
	if why == "" {
		return v
	}
	if v.message != "" {
		v.message += "; the next one waits: " + why
		return v
	}
	v.message = why
	if _, waits := waitsToStart(o, f); waits && v.reason == v1alpha1.ReasonContainerStarted {
		v.reason = v1alpha1.ReasonContainerWaiting
	}
	return v
}

// AsksWhy gives the pod that has waited on its node for some time and tells itself of no reason, nil when there is none.
// Its Events may: that a volume cannot be mounted or a sandbox cannot be made stands nowhere else.
func AsksWhy(o *Observation) *corev1.Pod {
	pod, left := asksWhyIn(o)
	if pod == nil || left > 0 {
		return nil
	}
	return pod
}

// AsksWhyIn is how long until the Events of such a pod are to be read, or read again; zero when there is none.
func AsksWhyIn(o *Observation) time.Duration {
	pod, left := asksWhyIn(o)
	switch {
	case pod == nil:
		return 0
	case left > 0:
		return left
	default:
		return askAfter
	}
}

// askAfter is how long a pod may wait before its Events are read, and how often they are.
const askAfter = 10 * time.Second

func asksWhyIn(o *Observation) (pod *corev1.Pod, left time.Duration) {
	if o.Job == nil || o.Execution.Status.Phase.IsTerminal() || o.Execution.DeletionTimestamp != nil {
		return nil, 0
	}
	f := gather(o)
	pod = f.last
	if pod == nil || podEnded(pod) || pod.Spec.NodeName == "" || toldWaiting(o, f) != "" || sandboxIsReady(pod) || !startOf(pod).IsZero() {
		return nil, 0
	}
	if hasStruck(f.clocks.start, o.Now) {
		return pod, 0 // the last chance
	}
	return pod, askAfter - o.Now.Sub(pod.CreationTimestamp.Time)
}

func startOf(pod *corev1.Pod) time.Time {
	from, _ := containerTimes(pod)
	return from
}

func sandboxIsReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == podSandboxIsReady && c.Status == corev1.ConditionTrue
	})
}

// Event is what matters of one of Kubernetes' Events.
type Event struct {
	At              time.Time
	Reason, Message string
	Warning         bool
}

// unspecific is the kubelet's sum of a failed mount, which says less than the Event before it.
const unspecific = "Unable to attach or mount volumes"

// hexIDs of sandboxes, of which each try has another. They would cost a write each time.
var hexIDs = regexp.MustCompile(`[0-9a-f]{32,}`)

// TroubleOf gives what keeps a pod's containers from being created, in Kubernetes' words, by the Events of the pod;
// empty when nothing does.
func TroubleOf(events []Event) string {
	newest := slices.Clone(events)
	slices.SortStableFunc(newest, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Message, b.Message)) })
	trouble := ""
	for _, e := range newest {
		switch e.Reason {
		case "Pulling", "Pulled", "Created", "Started": // what was in the way before is no more
			return trouble
		}
		if !e.Warning || !strings.HasPrefix(e.Reason, "Failed") || e.Reason == "FailedScheduling" {
			continue
		}
		said := e.Reason + afterColon(hexIDs.ReplaceAllString(e.Message, "…"))
		if !strings.HasPrefix(e.Message, unspecific) {
			return said
		}
		trouble = cmp.Or(trouble, said)
	}
	return trouble
}

// PodMissedSince tells since when a Job should have a pod and has none: since its creation, or since the newest of its
// pods ended. missed is false while it has one, or needs none.
func PodMissedSince(o *Observation) (since time.Time, missed bool) {
	if o.Job == nil || o.Execution.Status.Phase.IsTerminal() || JobFinished(o.Job) || jobSuspended(o.Job) {
		return time.Time{}, false
	}
	f := gather(o)
	if len(f.live) > 0 || !allCounted(o, f) {
		return time.Time{}, false
	}
	return later(o.Job.CreationTimestamp.Time, f.ended), true
}

// outOfMemory says of a container that ended how the kernel killed in it for its memory limit. Where the container ended
// with another exit code than that of SIGKILL, it was a process beside the first that was killed.
func outOfMemory(name string, t *corev1.ContainerStateTerminated) (message string, is bool) {
	switch {
	case t == nil || t.Reason != v1alpha1.ReasonOOMKilled:
		return "", false
	case t.ExitCode == exitKilled:
		return fmt.Sprintf("container %q was killed for using more memory than its limit", name), true
	default:
		return fmt.Sprintf("a process of container %q was killed for using more memory than its limit, and the container ended with exit code %d",
			name, t.ExitCode), true
	}
}

// quietOutOfMemory is the warning on a run that completed although a process of it was killed; empty where none was.
func quietOutOfMemory(o *Observation) string {
	for i := len(o.Pods) - 1; i >= 0; i-- {
		pod := o.Pods[i]
		if pod.Status.Phase != corev1.PodSucceeded {
			continue
		}
		for _, s := range containersOf(pod) {
			if message, is := outOfMemory(s.Name, s.State.Terminated); is && !jobspec.IsSidecar(pod, s.Name) {
				return message
			}
		}
	}
	return ""
}
