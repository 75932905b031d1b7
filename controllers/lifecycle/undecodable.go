// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// undecodable ends a run if a field of its spec, or of its Task's spec, could not be decoded. Without the field it
// would not be the run that was requested. A field of a status is only a record and ends nothing.
func undecodable(o *Observation) (step, bool) {
	if lost := o.Execution.Undecoded.InSpec(); len(lost) > 0 {
		return fail(v1alpha1.ReasonUndecodable, fmt.Sprintf("a field of this execution cannot be decoded: %s", lost)), true
	}
	if o.Task == nil {
		return step{}, false
	}
	if lost := o.Task.Undecoded.InSpec(); len(lost) > 0 {
		return fail(v1alpha1.ReasonUndecodable, fmt.Sprintf("a field of task %q cannot be decoded: %s", o.Task.Name, lost)), true
	}
	return step{}, false
}
