// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// last returns the newest pod, nil if there is none.
func (o *Observation) last() *corev1.Pod {
	if len(o.Pods) == 0 {
		return nil
	}
	return &o.Pods[len(o.Pods)-1]
}

// waitingPod returns the newest pod that has not ended, nil if there is none or the run has ended.
func (o *Observation) waitingPod() *corev1.Pod {
	for i := len(o.Pods) - 1; i >= 0 && !o.ended(); i-- {
		if phase := o.Pods[i].Status.Phase; phase != corev1.PodSucceeded && phase != corev1.PodFailed {
			return &o.Pods[i]
		}
	}
	return nil
}

// decidingPod returns the pod that decided how the run ended: the one that the status marks, or without a mark the
// newest. It is nil if that pod is gone.
func (o *Observation) decidingPod() *corev1.Pod {
	decided := o.Execution.Status.DecidingPod()
	if decided == nil {
		return o.last()
	}
	for i := range o.Pods {
		if o.Pods[i].UID == decided.UID {
			return &o.Pods[i]
		}
	}
	return nil
}

// lastMirror returns what the status has of the newest pod, nil if it has none.
func (o *Observation) lastMirror() *v1alpha1.PodMirror {
	if n := len(o.Execution.Status.Pods); n > 0 {
		return &o.Execution.Status.Pods[n-1]
	}
	return nil
}

// nodeOf returns the node of the pod that decided how the run ended, or else of the newest. It is empty if that pod has
// no node.
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

// ofIndex is a clause with the index of the pod that decided how the run ended, empty if the Job is not Indexed.
func (o *Observation) ofIndex() phrases.Text {
	if decided := o.Execution.Status.DecidingPod(); decided != nil && decided.Index != nil {
		return clauseIndex.With(*decided.Index)
	}
	return none
}

// statusesOf returns the statuses of a pod's containers, in the order in which they start.
func statusesOf(pod *corev1.Pod) []corev1.ContainerStatus {
	out := make([]corev1.ContainerStatus, 0, len(pod.Status.InitContainerStatuses)+len(pod.Status.ContainerStatuses))
	return append(append(out, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
}

// containerOf returns the container of that name in a pod's spec, nil if there is none.
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

// failedContainer returns the status of the container that made a pod fail, nil if none did.
func failedContainer(pod *corev1.Pod) *corev1.ContainerStatus {
	c := jobspec.Decisive(pod, pod.Annotations[v1alpha1.AnnotationLogContainer])
	if c == nil || c.State.Terminated.ExitCode == 0 {
		return nil
	}
	return c
}

// podFacts returns the facts of the deciding pod and the newest pods. If no pod is left, they come from the status.
func podFacts(o *Observation) (facts []Fact) {
	pods := o.Pods[max(0, len(o.Pods)-maxPods):]
	decided := o.Execution.Status.DecidingPod()
	if pod := o.decidingPod(); pod != nil && decided != nil && !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.UID == pod.UID }) {
		facts = append(facts, o.allFacts(pod)...)
	} else if pod == nil && decided != nil && len(o.Pods) > 0 {
		facts = append(facts, mirrorFact(decided))
	}
	for i := len(pods) - 1; i >= 0; i-- {
		facts = append(facts, o.allFacts(&pods[i])...)
	}
	if len(o.Pods) > 0 {
		return facts
	}
	mirrors := o.Execution.Status.Pods
	mirrors = mirrors[max(0, len(mirrors)-maxPods):]
	for i := len(mirrors) - 1; i >= 0; i-- {
		facts = append(facts, mirrorFact(&mirrors[i]))
	}
	return facts
}

// allFacts returns the facts of a pod, its conditions and its containers.
func (o *Observation) allFacts(pod *corev1.Pod) (facts []Fact) {
	facts = append(facts, podFact(pod))
	facts = append(facts, conditionFacts(pod)...)
	for _, s := range statusesOf(pod) {
		facts = append(facts, o.containerFacts(pod, &s)...)
	}
	return facts
}

func podFact(pod *corev1.Pod) Fact {
	deleted := none
	if pod.DeletionTimestamp != nil {
		deleted = tellPodDeleted.With()
	}
	text := tellPodPhase.With(indexIn(jobspec.IndexOf(pod)), pod.Status.Phase, onNode(pod.Spec.NodeName), reasonIn(pod.Status.Reason), because(pod.Status.Message), deleted)
	return Fact{FromPod, pod.Name, pod.CreationTimestamp.Time, text}
}

// indexIn begins a fact about a pod of an Indexed Job with its index. It is empty for other Jobs.
func indexIn(index *int32) phrases.Text {
	if index == nil {
		return none
	}
	return tellPodIndex.With(*index)
}

// conditionFacts returns the conditions that report a problem.
func conditionFacts(pod *corev1.Pod) (facts []Fact) {
	for _, c := range pod.Status.Conditions {
		switch {
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			facts = append(facts, Fact{FromPod, pod.Name, c.LastTransitionTime.Time, tellPodWaits.With(reasonIn(c.Reason), because(c.Message))})
		case c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue:
			facts = append(facts, Fact{FromPod, pod.Name, c.LastTransitionTime.Time, tellPodDisrupt.With(reasonIn(c.Reason), because(c.Message))})
		}
	}
	return facts
}

// containerFacts omits the termination message, which the program wrote and which may have sensitive values. The status
// has it without them.
func (o *Observation) containerFacts(pod *corev1.Pod, s *corev1.ContainerStatus) (facts []Fact) {
	tell := func(at time.Time, text phrases.Text) { facts = append(facts, Fact{FromPod, pod.Name, at, text}) }
	if t := s.LastTerminationState.Terminated; t != nil {
		text := tellRestarts.With(s.Name, s.RestartCount, endOf(t))
		if s.RestartCount == 1 {
			text = tellRestarted.With(s.Name, endOf(t))
		}
		tell(t.FinishedAt.Time, text)
	}
	switch {
	case s.State.Waiting != nil && !isOrdinaryWait(s.State.Waiting.Reason):
		tell(time.Time{}, tellWaiting.With(s.Name, reasonIn(s.State.Waiting.Reason), becauseOf(o.waitingMessage(s.State.Waiting)), imageOf(pod, s)))
	case s.State.Waiting != nil:
		tell(time.Time{}, tellToBeCreated.With(s.Name, imageOf(pod, s)))
	case s.State.Running != nil:
		tell(s.State.Running.StartedAt.Time, tellRunning.With(s.Name))
	case s.State.Terminated != nil:
		tell(s.State.Terminated.FinishedAt.Time, tellTerminated.With(s.Name, endOf(s.State.Terminated)))
	}
	return facts
}

func endOf(t *corev1.ContainerStateTerminated) phrases.Text {
	signal := none
	if t.Signal != 0 {
		signal = clauseSignal.With(t.Signal)
	}
	return tellEnd.With(t.ExitCode, reasonIn(t.Reason), signal)
}

func mirrorFact(m *v1alpha1.PodMirror) Fact {
	exit := none
	if m.ExitCode != nil {
		exit = clauseExit.With(*m.ExitCode)
	}
	f := Fact{Source: FromPod, Name: m.Name, Text: tellPodGone.With(indexIn(m.Index), m.Phase, onNode(m.Node), reasonIn(m.Reason), exit)}
	if m.FinishTime != nil {
		f.At = m.FinishTime.Time
	}
	return f
}
