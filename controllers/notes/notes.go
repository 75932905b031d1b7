// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package notes records Kubernetes Events with notes that the API server accepts. All reconcilers use its recorder.
package notes

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/recorder"
)

const (
	// MaxBytes is the maximum length of a note. The API server refuses an Event with a longer one, and client-go then
	// drops the Event (noteLengthLimit, kubernetes/pkg/apis/core/validation/events.go).
	MaxBytes = 1024
	// ellipsis ends a note that was cut.
	ellipsis = "…"
)

// These limit the Events of one namespace: a number at once, and then a rate per second. client-go keeps each Event in
// memory for six minutes to count repetitions, so a namespace whose runs all fail would fill the memory of the
// controller. Events above the limit are dropped; the status of the object says the same.
const (
	atOnce    = 200
	perSecond = 2
	// maxNamespaces is how many namespaces have a counter. A new one replaces the one that was quiet for the longest
	// time.
	maxNamespaces = 4096
)

// bounded cuts the notes of another recorder, and limits the Events of each namespace.
type bounded struct {
	recorder.EventRecorder
	clock   clock.PassiveClock
	dropped prometheus.Counter

	mu      sync.Mutex
	buckets *lru.Cache
}

// Bounded returns a recorder that cuts each note to MaxBytes between two characters and replaces invalid UTF-8. The
// status of the object has the whole text. The recorder drops the Events of a namespace above 200 at once or 2 a
// second, and counts them in taskexec_events_dropped_total of the registry.
func Bounded(r recorder.EventRecorder, c clock.PassiveClock, registry prometheus.Registerer) recorder.EventRecorder {
	b := &bounded{EventRecorder: r, clock: c, buckets: lru.New(maxNamespaces), dropped: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "taskexec_events_dropped_total",
		Help: "Events that were not recorded, because their namespace had too many.",
	})}
	registry.MustRegister(b.dropped)
	return b
}

// Eventf implements events.EventRecorder.
func (b *bounded) Eventf(regarding, related runtime.Object, eventType, reason, action, note string, args ...any) {
	if b.admits(regarding) {
		b.EventRecorder.Eventf(regarding, related, eventType, reason, action, "%s", Cut(fmt.Sprintf(note, args...)))
	}
}

// AnnotatedEventf implements events.AnnotatedEventRecorder.
func (b *bounded) AnnotatedEventf(regarding, related runtime.Object, annotations map[string]string, eventType, reason, action, note string, args ...any) {
	if b.admits(regarding) {
		b.EventRecorder.AnnotatedEventf(regarding, related, annotations, eventType, reason, action, "%s", Cut(fmt.Sprintf(note, args...)))
	}
}

// admits reports whether the namespace of an object may have one more Event now.
func (b *bounded) admits(regarding runtime.Object) bool {
	namespace := ""
	if o, err := apimeta.Accessor(regarding); err == nil {
		namespace = o.GetNamespace()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket, ok := b.bucket(namespace)
	if !ok || !bucket.AllowN(b.clock.Now(), 1) {
		b.dropped.Inc()
		return false
	}
	return true
}

func (b *bounded) bucket(namespace string) (bucket *rate.Limiter, ok bool) {
	known, found := b.buckets.Get(namespace)
	if !found {
		known = rate.NewLimiter(perSecond, atOnce)
		b.buckets.Add(namespace, known)
	}
	bucket, ok = known.(*rate.Limiter)
	return bucket, ok
}

// Cut returns the beginning of a text that fits into a note: at most MaxBytes bytes of valid UTF-8. A cut text ends
// with an ellipsis.
func Cut(text string) string {
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if len(text) <= MaxBytes {
		return text
	}
	cut := MaxBytes - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}
