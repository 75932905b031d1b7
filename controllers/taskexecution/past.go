// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// observePast asks whether an execution is a copy of an earlier run, also one with a Job, because a restore of etcd brings Jobs back too.
// It does not wait for the archive: the answer causes another reconcile.
func (r *Reconciler) observePast(o *lifecycle.Observation) {
	if !lifecycle.MayBeCopy(o.Execution) {
		r.Past.Settled(o.Execution.UID)
		return
	}
	key := client.ObjectKeyFromObject(o.Execution)
	o.Past, o.PastWait = r.Past.Original(o.Execution, func() { r.wake.Execution(key) })
}
