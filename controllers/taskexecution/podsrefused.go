package taskexecution

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// podsMissedAfter is how old a Job without a pod is when it is asked why, and how often it is asked again.
const podsMissedAfter = 10 * time.Second

// failedCreate is the reason of the Job controller's Event when the API server refuses its pod, for example for a
// quota. Neither the Job nor any pod tells of it.
const failedCreate = "FailedCreate"

// missesPods tells whether a Job should have a pod and has none.
func missesPods(o *lifecycle.Observation) bool {
	return o.Job != nil && len(o.Pods) == 0 && !o.Execution.Status.Phase.IsTerminal() &&
		!lifecycle.JobFinished(o.Job) && (o.Job.Spec.Suspend == nil || !*o.Job.Spec.Suspend)
}

// untilPodsAreMissed is when to look again at a Job without a pod, zero when it has one.
func untilPodsAreMissed(o *lifecycle.Observation) time.Duration {
	if !missesPods(o) {
		return 0
	}
	if left := podsMissedAfter - o.Now.Sub(o.Job.CreationTimestamp.Time); left > 0 {
		return left
	}
	return podsMissedAfter
}

// podsRefused reads why the pod of a Job is missing, when it is for a while.
func (r *Reconciler) podsRefused(ctx context.Context, o *lifecycle.Observation) (string, error) {
	if !missesPods(o) || o.Now.Sub(o.Job.CreationTimestamp.Time) < podsMissedAfter {
		return "", nil
	}
	events := &corev1.EventList{}
	if err := r.Live.List(ctx, events, client.InNamespace(o.Job.Namespace),
		client.MatchingFields{"involvedObject.uid": string(o.Job.UID)}); err != nil {
		return "", fmt.Errorf("reading the events of job %s/%s: %w", o.Job.Namespace, o.Job.Name, err)
	}
	var last *corev1.Event
	for i := range events.Items {
		if e := &events.Items[i]; e.Reason == failedCreate && (last == nil || last.LastTimestamp.Before(&e.LastTimestamp)) {
			last = e
		}
	}
	if last == nil {
		return "", nil
	}
	return lifecycle.RefusedPods(last.Message), nil
}
