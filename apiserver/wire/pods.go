// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Completions is the progress of a run whose Job needs more than one successful pod.
type Completions struct {
	// Wanted is how many pods must succeed.
	Wanted int32 `json:"wanted"`
	// Succeeded is how many pods have succeeded. For an Indexed Job, each index counts once.
	Succeeded int32 `json:"succeeded"`
	// FailedIndexes are the indexes that failed for good, such as 1,3-5.
	FailedIndexes string `json:"failedIndexes,omitempty"`
}

// Pod is one pod of a run.
type Pod struct {
	// Name is the name of the pod.
	Name string `json:"name"`
	// Index is the index of the pod. It is only present if the Job is Indexed.
	Index *int32 `json:"index,omitempty"`
	// Phase is the phase of the pod. It is Unknown if the run has ended and the end of the pod was not observed.
	Phase string `json:"phase,omitempty" jsonschema:"enum=Pending,enum=Running,enum=Succeeded,enum=Failed,enum=Unknown"`
	// Deciding is true for the pod that decided how the run ended.
	Deciding bool `json:"deciding,omitempty"`
	// ExitCode is the exit code of its container.
	ExitCode *int32 `json:"exitCode,omitempty"`
	// Reason is Kubernetes' reason for the end of the pod.
	Reason string `json:"reason,omitempty"`
	// Node is the node of the pod.
	Node string `json:"node,omitempty"`
	// ImageDigest is the digest of the image that the task's container ran.
	ImageDigest string `json:"imageDigest,omitempty"`
	// Restarts is how often its containers were restarted.
	Restarts int32 `json:"restarts,omitempty"`
	// StartedAt is when its first container started.
	StartedAt *time.Time `json:"startedAt,omitempty"`
	// FinishedAt is when its last container ended.
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
}

// describePods sets the fields about the pods of a run.
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
			ImageDigest: m.ImageDigest, Restarts: m.Restarts, StartedAt: utc(m.StartTime), FinishedAt: utc(m.FinishTime),
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
