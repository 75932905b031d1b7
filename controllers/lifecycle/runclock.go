// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// runDue is when a run ends for its timeout, counted from the start of its first container over all its pods and attempts.
// It is zero where the Job has all that it waits for, or has decided how it ends, and nothing goes on that nobody has told
// to end: then the Job's own word is waited for, which comes as an event.
func runDue(o *Observation, f facts) (due time.Time) {
	status := v1alpha1.TaskExecutionStatus{StartTime: &metav1.Time{Time: f.started}, Suspension: f.suspension}
	at, ok := status.Deadline(f.snapshot.Timeout)
	if !ok || f.started.IsZero() {
		return time.Time{}
	}
	if (madeIt(o, f) || hasDecided(o.Job)) && !goesOn(f) && hasStruck(at.Time, o.Now) {
		return time.Time{}
	}
	return at.Time
}
