package explain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// meanings of exit codes by convention: of shells (126, 127), and of 128 and the number of a signal.
var meanings = map[int32]struct{ words, advice string }{
	126: {"the command could not be executed", "Look whether the command in the Task's jobTemplate is a program that can be executed."},
	127: {"the command was not found", "Look whether the command in the Task's jobTemplate is in the image."},
	128: {"the container could not be started", "Look at the command and the image in the Task's jobTemplate."},
	134: {"it aborted, SIGABRT", ""},
	137: {"it was killed, SIGKILL", "Something killed it: a memory limit that a child process reached, or somebody on the node."},
	139: {"it accessed memory that is not its own, SIGSEGV", ""},
	143: {"it was told to end, SIGTERM", "Something told it to end; the Events of its node may say what."},
}

// exitCode says with which code the program ended, and what that means where there is a convention.
func exitCode(o *Observation) (verdict, bool) {
	if !o.hasFailed(v1alpha1.ReasonNonZeroExit) {
		return verdict{}, false
	}
	status := &o.Execution.Status
	advice := fmt.Sprintf("Read its log: GET /tasks/executions/%s/logs.", o.Execution.Name)
	if status.ExitCode == nil {
		return verdict{v1alpha1.ReasonNonZeroExit, "It failed" + because(status.Message) + ".", advice}, true
	}
	container := ""
	if pod := o.decidingPod(); pod != nil {
		if s := failedContainer(pod); s != nil {
			container = fmt.Sprintf(" %q", s.Name)
			if neverRan(s.State.Terminated) {
				return notStarted(o, s), true
			}
		}
	}
	sentence := fmt.Sprintf("It failed because the container%s%s ended with exit code %d", container, o.ofIndex(), *status.ExitCode)
	if m, known := meanings[*status.ExitCode]; known {
		sentence += fmt.Sprintf(" (%s)", m.words)
		if m.advice != "" {
			advice = m.advice + " " + advice
		}
	}
	sentence += o.tries(", the last of %d attempts")
	return verdict{v1alpha1.ReasonNonZeroExit, sentence + ".", advice}, true
}

// neverRan tells whether the runtime could not start the program (pkg/kubelet/kuberuntime; containerd, docker).
func neverRan(t *corev1.ContainerStateTerminated) bool {
	return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
}

// notStarted quotes the runtime, whose words may have the command line in them.
func notStarted(o *Observation, s *corev1.ContainerStatus) verdict {
	why := s.State.Terminated.Message
	if o.sensitive() {
		why = notShown
	}
	return verdict{
		v1alpha1.ReasonNonZeroExit,
		fmt.Sprintf("It failed because the container %q could not be started (exit code %d)%s.", s.Name, s.State.Terminated.ExitCode, because(why)),
		"Look whether the command in the Task's jobTemplate is in the image and can be executed.",
	}
}
