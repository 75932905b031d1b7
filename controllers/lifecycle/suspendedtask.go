// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// suspendedTask refuses a run that was created while its Task was suspended. A run that was accepted before, and waits
// for a place or for its Job, goes on.
func suspendedTask(o *Observation) (step, bool) {
	s := &o.Execution.Status
	accepted := s.Phase == v1alpha1.PhaseQueued || s.Phase != "" && s.Reason != v1alpha1.ReasonTaskNotFound
	if !o.Task.Spec.Suspended || accepted {
		return step{}, false
	}
	return fail(v1alpha1.ReasonTaskSuspended,
		fmt.Sprintf("task %q is suspended and takes no new runs (spec.suspended)", o.Task.Name)), true
}
