// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// StartsRuns reports whether a change of a schedule can start runs that its author did not start before, so that the
// change takes the verb execute on the Task of after. Every change can, but for one that only switches the schedule off.
// A schedule that stays switched off counts as well: whoever switches it on later trusts what it says. The same rule
// stands in config/admission/schedule_policy.yaml for those who write the resource themselves.
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
