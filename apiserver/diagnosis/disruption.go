// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// disruptions are the reasons for which the platform ends a pod: what it did, as the end of "its pod …", and the
// advice.
var disruptions = map[string]struct{ did, advice *phrases.Phrase }{
	v1alpha1.ReasonEvicted:      {didEvict, adviseEvicted},
	v1alpha1.ReasonPreempted:    {didPreempt, advisePreempted},
	v1alpha1.ReasonNodeShutdown: {didShutDown, nil},
	v1alpha1.ReasonNodeLost:     {didLose, adviseNodeLost},
	v1alpha1.ReasonPodRejected:  {didReject, adviseRejected},
	v1alpha1.ReasonDisrupted:    {didEnd, adviseDisrupted},
}

// disrupted says what the platform did to a run that might have succeeded.
func disrupted(o *Observation) (verdict, bool) {
	status := &o.Execution.Status
	d, is := disruptions[status.Reason]
	if !is || !o.hasFailed() {
		return verdict{}, false
	}
	advice, again := none, none
	if d.advice != nil {
		advice = d.advice.With()
	}
	if o.Task != nil && !o.Task.Spec.RetryOnDisruption {
		again = adviseRetry.With()
	}
	return verdict{status.Reason, sayDisrupted.With(d.did.With(), onNode(o.nodeOf()), because(status.Message)), also(advice, again)}, true
}
