// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// StartsRuns reports whether a change of a schedule can start runs that its author did not start before. Such a change
// requires the verb execute on the Task of after. Every change can, except one that only suspends the schedule. A
// schedule that stays suspended counts as well, because whoever resumes it later trusts its spec.
// config/admission/schedule_policy.yaml has the same rule for those who write the resource directly.
func StartsRuns(before, after *v1alpha1.TaskScheduleSpec) bool {
	if after.Suspend == before.Suspend {
		return !equality.Semantic.DeepEqual(before, after)
	}
	if !after.Suspend {
		return true
	}
	same := *before
	same.Suspend = after.Suspend
	return !equality.Semantic.DeepEqual(&same, after)
}
