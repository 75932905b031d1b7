// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// facts are derived from an Observation once, for several rules.
type facts struct {
	snapshot jobspec.Snapshot
	// started is when the first container of the run started, or zero.
	started time.Time
	// ended is when the last ended container ended, or zero.
	ended time.Time
	// live are the pods that may still run something.
	live []*corev1.Pod
	// terminated counts pods that have ended.
	terminated int
	// last is the newest pod, or nil.
	last *corev1.Pod
	// suspension records how long the run was suspended after it had started, or is nil if it never was.
	suspension *v1alpha1.Suspension
	// clocks are the time limits of the run.
	clocks clocks
}

// isPaused reports whether a started run was suspended and has not started again.
func (f facts) isPaused() bool { return f.suspension != nil && f.suspension.Since != nil }

// waits reports whether a run waits for its first container to start, or for the first after a suspension.
func (f facts) waits() bool { return f.started.IsZero() || f.isPaused() }

// endedBefore returns when the last ended container ended, if that was before a time, or else zero.
func (f facts) endedBefore(at time.Time) time.Time {
	if f.ended.After(at) {
		return time.Time{}
	}
	return f.ended
}

func gather(o *Observation) facts {
	var f facts
	if o.Job != nil {
		// A damaged annotation is replaced by the defaults, so that damage cannot make the run endless.
		f.snapshot, _ = jobspec.SnapshotOf(o.Job)
	} else if o.Task != nil {
		f.snapshot = jobspec.SnapshotFor(o.Task, o.Execution)
	}
	for _, pod := range o.Pods {
		from, to := containerTimes(pod)
		if !from.IsZero() && (f.started.IsZero() || from.Before(f.started)) {
			f.started = from
		}
		if to.After(f.ended) {
			f.ended = to
		}
		if podEnded(pod) {
			f.terminated++
		} else {
			f.live = append(f.live, pod)
		}
		f.last = pod
	}
	if t := o.Execution.Status.StartTime; t != nil {
		f.started = t.Time // the first recorded start stays, even when the first pod is gone
	}
	f.suspension = suspensionOf(o, f)
	f.clocks = clocksOf(o, f)
	return f
}
