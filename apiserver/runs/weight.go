// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/kube"
)

const (
	// MaxListBytes bounds the size of the executions in one answer, as weightOf estimates it. An answer has at least
	// one. The 200 runs that a Task keeps by default have 4 MiB with their tails.
	MaxListBytes = 16 << 20
	// fixedWeight is the size of all fields of an execution with nearly constant size.
	fixedWeight = 1 << 10
)

// weightOf estimates the size of an execution as JSON in a list. It is much cheaper than encoding it.
func weightOf(e *v1alpha1.TaskExecution, withLogs bool) int {
	weight := fixedWeight + len(e.Status.Message)
	if e.Spec.Params != nil {
		weight += len(e.Spec.Params.Raw)
	}
	if e.Status.Result != nil {
		weight += len(e.Status.Result.Raw)
	}
	for key, value := range e.Labels {
		weight += len(key) + len(value)
	}
	if withLogs {
		weight += int(e.TailBytes + kube.TailWeight(e.Status.Logs)) // one of them is 0
	}
	return weight
}

// weightOfAll returns the estimated size of all executions. It stops counting at MaxListBytes.
func weightOfAll(executions []*v1alpha1.TaskExecution, withLogs bool) (weight int) {
	for _, e := range executions {
		if weight += weightOf(e, withLogs); weight > MaxListBytes {
			break
		}
	}
	return weight
}
