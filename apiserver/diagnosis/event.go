// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/taskexec/taskexec/controllers/phrases"
)

// eventOf returns the newest Event of that kind of object with that reason, nil if there is none.
func (o *Observation) eventOf(kind, reason string) *corev1.Event {
	for i := range o.Events {
		if e := &o.Events[i]; e.InvolvedObject.Kind == kind && e.Reason == reason {
			return e
		}
	}
	return nil
}

// At returns when an Event last happened. Events of the API events.k8s.io have no lastTimestamp.
func At(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	default:
		return e.CreationTimestamp.Time
	}
}

// eventFacts are the newest Events.
func eventFacts(o *Observation) (facts []Fact) {
	for i := range o.Events[:min(len(o.Events), maxEvents)] {
		e := &o.Events[i]
		count := e.Count
		if e.Series != nil {
			count = e.Series.Count
		}
		repeated := phrases.Text{}
		if count > 1 {
			repeated = tellRepeated.With(count)
		}
		facts = append(facts, Fact{FromEvent, e.InvolvedObject.Name, At(e), tellEvent.With(strings.ToLower(e.InvolvedObject.Kind), e.Reason, becauseOf(o.eventMessage(e)), repeated)})
	}
	return facts
}
