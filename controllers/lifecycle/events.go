// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// NeedsEvents returns the pod whose Events should be read, or nil. Such a pod has waited on its node for some time, and
// its status does not say why. Only Events say that a volume cannot be mounted or a sandbox cannot be created.
func NeedsEvents(o *Observation) *corev1.Pod {
	pod, left := needsEventsIn(o)
	if pod == nil || left > 0 {
		return nil
	}
	return pod
}

// NeedsEventsIn returns how long until the Events of such a pod should be read again, or zero if there is none.
func NeedsEventsIn(o *Observation) time.Duration {
	pod, left := needsEventsIn(o)
	switch {
	case pod == nil:
		return 0
	case left > 0:
		return left
	default:
		return askAfter
	}
}

// askAfter is how long a pod may wait before its Events are read, and how often they are read.
const askAfter = 10 * time.Second

func needsEventsIn(o *Observation) (pod *corev1.Pod, left time.Duration) {
	if o.Job == nil || o.Execution.Status.Phase.IsTerminal() || o.Execution.DeletionTimestamp != nil {
		return nil, 0
	}
	f := gather(o)
	pod = f.last
	if pod == nil || podEnded(pod) || pod.Spec.NodeName == "" || podWaitsFor(o, f) != "" || sandboxIsReady(pod) || !startOf(pod).IsZero() {
		return nil, 0
	}
	if hasExpired(f.clocks.start, o.Now) {
		return pod, 0 // the last chance
	}
	return pod, askAfter - o.Now.Sub(pod.CreationTimestamp.Time)
}

// Event has the fields of a Kubernetes Event that lifecycle needs.
type Event struct {
	At              time.Time
	Reason, Message string
	Warning         bool
}

// unspecific is the kubelet's summary of a failed mount. The Event before it says more.
const unspecific = "Unable to attach or mount volumes"

// hexIDs matches the IDs of sandboxes. Each attempt has another ID, which would cause a status write each time.
var hexIDs = regexp.MustCompile(`[0-9a-f]{32,}`)

// TroubleOf returns from a pod's Events why its containers are not created, in Kubernetes' words. It is empty if
// nothing prevents that.
func TroubleOf(events []Event) string {
	newest := slices.Clone(events)
	slices.SortStableFunc(newest, func(a, b Event) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Message, b.Message)) })
	trouble := ""
	for _, e := range newest {
		switch e.Reason {
		case "Pulling", "Pulled", "Created", "Started": // earlier trouble is over
			return trouble
		}
		if !e.Warning || !strings.HasPrefix(e.Reason, "Failed") || e.Reason == "FailedScheduling" {
			continue
		}
		said := e.Reason + afterColon(hexIDs.ReplaceAllString(e.Message, "…"))
		if !strings.HasPrefix(e.Message, unspecific) {
			return said
		}
		trouble = cmp.Or(trouble, said)
	}
	return trouble
}

// PodMissedSince returns since when a Job lacks a pod that it should have: since its creation, or since the newest of
// its pods ended. missed is false while it has one, or needs none.
func PodMissedSince(o *Observation) (since time.Time, missed bool) {
	if o.Job == nil || o.Execution.Status.Phase.IsTerminal() || JobFinished(o.Job) || jobSuspended(o.Job) {
		return time.Time{}, false
	}
	f := gather(o)
	if len(f.live) > 0 || !allCounted(o, f) {
		return time.Time{}, false
	}
	return later(o.Job.CreationTimestamp.Time, f.ended), true
}
