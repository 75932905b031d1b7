// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runfilter

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Filter selects executions. An execution must meet all conditions; a condition that is not set selects all. The zero
// Filter selects every execution.
type Filter struct {
	// TriggerName is the name of a schedule or pipeline.
	TriggerName string
	// Sources are trigger sources. An execution must have one of them.
	Sources []v1alpha1.TriggerSource
	// Statuses are statuses of the REST API. An execution must have one of them.
	Statuses []string
	// Labels are conditions on metadata.labels, with all that selectors of Kubernetes can say.
	Labels labels.Requirements
	// Params are conditions on the params.
	Params []Param
}

// IsEmpty reports whether the filter selects every execution.
func (f *Filter) IsEmpty() bool {
	return f.TriggerName == "" && f.Sources == nil && f.Statuses == nil && len(f.Labels) == 0 && len(f.Params) == 0
}

// Matches reports whether the filter selects an execution. Conditions that cost more come last.
func (f *Filter) Matches(e *v1alpha1.TaskExecution) bool {
	if f.TriggerName != "" && f.TriggerName != e.Spec.Trigger.Name ||
		f.Sources != nil && !slices.Contains(f.Sources, e.Spec.Trigger.Source) ||
		f.Statuses != nil && !slices.Contains(f.Statuses, wire.StatusOf(e)) {
		return false
	}
	for i := range f.Labels {
		if !f.Labels[i].Matches(labels.Set(e.Labels)) {
			return false
		}
	}
	return len(f.Params) == 0 || matchParams(f.Params, wire.ReadableParams(e))
}
