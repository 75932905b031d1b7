// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"cmp"
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

const (
	// podsMissedAfter is how old a Job without a pod is when its Events are read, and how often they are read again.
	podsMissedAfter = 10 * time.Second
	// nextPodMissedAfter is the same for the pod of a retry. The Job controller waits longer before each of them.
	nextPodMissedAfter = 30 * time.Second
)

// failedCreate is the reason of the Job controller's Event if the API server refuses a pod, for example for a quota.
// The Job's status does not say so.
const failedCreate = "FailedCreate"

// observeEvents reads from Events why a run does not start, if neither its Job nor its pod says so.
func (r *Reconciler) observeEvents(ctx context.Context, o *lifecycle.Observation) error {
	if since, left := podMissed(o); !since.IsZero() && left <= 0 {
		events, err := r.events(ctx, o, o.Job.UID)
		if err != nil {
			return fmt.Errorf("reading the events of job %s/%s: %w", o.Job.Namespace, o.Job.Name, err)
		}
		o.PodsRefused, o.PodsRefusedSince = refusedPods(events, since)
	}
	if pod := lifecycle.NeedsEvents(o); pod != nil {
		events, err := r.events(ctx, o, pod.UID)
		if err != nil {
			return fmt.Errorf("reading the events of pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		o.PodTrouble = lifecycle.TroubleOf(lifecycleEvents(events))
	}
	if pod := lifecycle.NeedsKillEvents(o); pod != nil {
		events, err := r.events(ctx, o, pod.UID)
		if err != nil {
			return fmt.Errorf("reading the events of pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		o.KillCause = lifecycle.KillCause(lifecycleEvents(events), o.Execution.Spec.SecretParams != nil)
	}
	return nil
}

// untilEventsAreRead returns how long until Events must be read again, or zero if they are not needed.
func untilEventsAreRead(o *lifecycle.Observation) time.Duration {
	since, left := podMissed(o)
	if since.IsZero() {
		return lifecycle.NeedsEventsIn(o)
	}
	if left > 0 {
		return left
	}
	return missedAfter(o)
}

// podMissed returns since when a pod is missing, or zero, and how long until the Events of the Job must be read.
func podMissed(o *lifecycle.Observation) (since time.Time, left time.Duration) {
	since, missed := lifecycle.PodMissedSince(o)
	if !missed {
		return time.Time{}, 0
	}
	return since, missedAfter(o) - o.Now.Sub(since)
}

func missedAfter(o *lifecycle.Observation) time.Duration {
	if len(o.Pods) == 0 {
		return podsMissedAfter
	}
	return nextPodMissedAfter
}

// events returns the Events of an object of the run. It reads from the API server, because Events are not watched.
func (r *Reconciler) events(ctx context.Context, o *lifecycle.Observation, uid types.UID) ([]corev1.Event, error) {
	list := &corev1.EventList{}
	err := r.Live.List(ctx, list, client.InNamespace(o.Execution.Namespace), client.MatchingFields{"involvedObject.uid": string(uid)})
	return list.Items, err
}

// refusedPods returns why the last pod of the Job was refused, and since when pods were refused after some time.
func refusedPods(events []corev1.Event, after time.Time) (why string, since time.Time) {
	var last time.Time
	for i := range events {
		e := &events[i]
		first, at := firstSeen(e), lastSeen(e)
		if e.Reason != failedCreate || at.Before(after) {
			continue
		}
		if first.Before(after) {
			first = after
		}
		if since.IsZero() || first.Before(since) {
			since = first
		}
		if why == "" || at.After(last) {
			why, last = jobspec.RefusedPods(e.Message), at
		}
	}
	return why, since
}

// lifecycleEvents converts Events to those of lifecycle.
func lifecycleEvents(events []corev1.Event) []lifecycle.Event {
	out := make([]lifecycle.Event, len(events))
	for i := range events {
		e := &events[i]
		out[i] = lifecycle.Event{At: lastSeen(e), Reason: e.Reason, Message: e.Message, Warning: e.Type == corev1.EventTypeWarning}
	}
	return out
}

// lastSeen and firstSeen return when an Event was seen. Events of the newer API have a series instead of the timestamps
// of the older one.
func lastSeen(e *corev1.Event) time.Time {
	if e.Series != nil && !e.Series.LastObservedTime.IsZero() {
		return e.Series.LastObservedTime.Time
	}
	return cmp.Or(e.LastTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time)
}

func firstSeen(e *corev1.Event) time.Time {
	return cmp.Or(e.FirstTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time)
}
