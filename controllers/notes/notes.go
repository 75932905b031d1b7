// Package notes records Kubernetes Events whose notes the API server accepts. It is the one place where a
// reconciler gets its recorder from.
package notes

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/recorder"
)

const (
	// MaxBytes of a note. The API server refuses an Event with a longer one, and client-go drops the Event then
	// (noteLengthLimit, kubernetes/pkg/apis/core/validation/events.go).
	MaxBytes = 1024
	// ellipsis ends a note that was cut.
	ellipsis = "…"
)

// bounded cuts the notes of another recorder.
type bounded struct{ recorder.EventRecorder }

// Bounded returns a recorder that cuts each note to MaxBytes between two characters and replaces bytes that are
// not UTF-8. The whole text stands in the status that the Event is about.
func Bounded(r recorder.EventRecorder) recorder.EventRecorder { return bounded{r} }

// Eventf implements events.EventRecorder.
func (b bounded) Eventf(regarding, related runtime.Object, eventType, reason, action, note string, args ...any) {
	b.EventRecorder.Eventf(regarding, related, eventType, reason, action, "%s", Cut(fmt.Sprintf(note, args...)))
}

// AnnotatedEventf implements events.AnnotatedEventRecorder.
func (b bounded) AnnotatedEventf(regarding, related runtime.Object, annotations map[string]string, eventType, reason, action, note string, args ...any) {
	b.EventRecorder.AnnotatedEventf(regarding, related, annotations, eventType, reason, action, "%s", Cut(fmt.Sprintf(note, args...)))
}

// Cut returns the beginning of a text that fits into a note: at most MaxBytes bytes of valid UTF-8. An ellipsis
// ends a text that was cut.
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
