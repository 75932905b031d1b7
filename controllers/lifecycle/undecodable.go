// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// undecodable ends a run whose own spec, or whose Task's, has a field that could not be decoded: without the field it would be
// another run than the one that was asked for. A field of a status is only a record, and ends nothing.
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
