package wire

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Completions say how far a run is whose Job wants more than one pod to succeed.
type Completions struct {
	// Wanted is how many pods must succeed.
	Wanted int32 `json:"wanted"`
	// Succeeded is how many have; of an Indexed Job, each index counts once.
	Succeeded int32 `json:"succeeded"`
	// FailedIndexes are not tried again, such as 1,3-5.
	FailedIndexes string `json:"failedIndexes,omitempty"`
}

// Pod is what is kept of a pod of a run.
type Pod struct {
	// Name of the pod.
	Name string `json:"name"`
	// Index that it worked on, where the Job is Indexed.
	Index *int32 `json:"index,omitempty"`
	// Phase of the pod. One whose end nobody saw is Unknown once the run has ended.
	Phase string `json:"phase,omitempty" jsonschema:"enum=Pending,enum=Running,enum=Succeeded,enum=Failed,enum=Unknown"`
	// Deciding: its end decided how the run ended.
	Deciding bool `json:"deciding,omitempty"`
	// ExitCode of its container.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// Reason why it ended, in the words of Kubernetes.
	Reason string `json:"reason,omitempty"`
	// Node that ran it.
	Node string `json:"node,omitempty"`
	// Restarts of its containers in place.
	Restarts int32 `json:"restarts,omitempty"`
	// StartedAt is when its first container started.
	StartedAt *time.Time `json:"startedAt,omitempty"`
	// FinishedAt is when its last container ended.
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
}

// describePods says of a run what is to be said of its pods.
func (w *Execution) describePods(status *v1alpha1.TaskExecutionStatus) {
	w.Disruptions, w.Completions, w.Pods = status.Disruptions, completionsOf(status), podsOf(status)
	if pod := status.DecidingPod(); pod != nil {
		w.Index = pod.Index
	}
}

func podsOf(status *v1alpha1.TaskExecutionStatus) []Pod {
	pods := make([]Pod, len(status.Pods))
	for i := range status.Pods {
		m := &status.Pods[i]
		pods[i] = Pod{
			Name: m.Name, Index: m.Index, Phase: m.Phase, Deciding: m.Deciding, ExitCode: m.ExitCode, Reason: m.Reason, Node: m.Node,
			Restarts: m.Restarts, StartedAt: utc(m.StartTime), FinishedAt: utc(m.FinishTime),
		}
	}
	return pods
}

func completionsOf(status *v1alpha1.TaskExecutionStatus) *Completions {
	c := status.Completions
	if c == nil {
		return nil
	}
	return &Completions{Wanted: c.Wanted, Succeeded: c.Succeeded, FailedIndexes: c.FailedIndexes}
}
