// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// runDue returns when a run ends for its timeout. The timeout counts from the start of its first container over all its
// pods and attempts. runDue is zero if the Job has enough successes or has decided how it ends, and every running pod
// was told to end. Then the Job's own condition follows as an event.
func runDue(o *Observation, f facts) (due time.Time) {
	status := v1alpha1.TaskExecutionStatus{StartTime: &metav1.Time{Time: f.started}, Suspension: f.suspension}
	at, ok := status.Deadline(f.snapshot.Timeout)
	if !ok || f.started.IsZero() {
		return time.Time{}
	}
	if (enoughSucceeded(o, f) || hasDecided(o.Job)) && !goesOn(f) && hasExpired(at.Time, o.Now) {
		return time.Time{}
	}
	return at.Time
}
