// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// stopMargin is how long after a pod's grace period its kubelet may take to report the end. After that the Job is
	// deleted, which needs no kubelet if the pod never reached a node.
	stopMargin = 15 * time.Second
	// giveUpMargin is how long after a pod's grace period to wait for its end. A lost node must not keep a run from
	// ending.
	giveUpMargin = 45 * time.Second
	// idleMargin is how long to wait for the end of an idle pod. A kubelet that knows that the pod is to end starts no
	// container, and reports within that time what it had just started. A busy one takes longer than a few seconds, and
	// the log of a run that is said to have had no container is not read.
	idleMargin = 10 * time.Second
	// defaultGrace is Kubernetes' own terminationGracePeriodSeconds.
	defaultGrace = 30 * time.Second
)

// notConfirmed is part of the message of a run whose node is no longer waited for.
const notConfirmed = "its node did not confirm that the container ended"

// stop ends the pods that are on a node, and waits for their end. done means that nothing is left to wait for; forced,
// that some node did not confirm the end. Pods without a node have no log, so the later deletion of the Job is enough
// for them.
func stop(o *Observation, f facts, reason string) (s step, done, forced bool) {
	waiting := false
	for _, pod := range f.live {
		if pod.Spec.NodeName == "" {
			continue
		}
		_, at, marked := endMark(pod)
		idle := isIdle(pod)
		if !marked {
			waiting = true
			s.end = append(s.end, pod)
			s.endReason = reason
			s.requeue = Soonest(s.requeue, firstWait(pod, idle))
			continue
		}
		if idle {
			if left := idleMargin - o.Now.Sub(at); left > 0 {
				waiting = true
				s.requeue = Soonest(s.requeue, left)
			}
			continue
		}
		since := o.Now.Sub(at) - gracePeriod(pod)
		switch {
		case since >= giveUpMargin:
			forced = true
		case since >= stopMargin:
			waiting = true
			s.deleteJob = true
			s.requeue = Soonest(s.requeue, giveUpMargin-since)
		default:
			waiting = true
			s.requeue = Soonest(s.requeue, stopMargin-since)
		}
	}
	s.deleteJob = s.deleteJob && o.Job != nil && o.Job.DeletionTimestamp == nil
	return s, !waiting, forced
}

// firstWait is how long to wait before a pod that was told to end is checked again.
func firstWait(pod *corev1.Pod, idle bool) time.Duration {
	if idle {
		return idleMargin
	}
	return gracePeriod(pod) + stopMargin
}
