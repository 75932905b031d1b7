// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package notes

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestCase29NoteIsCutAtACharacter(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"short":                       {"why", "why"},
		"empty":                       {"", ""},
		"as long as may be":           {strings.Repeat("a", MaxBytes), strings.Repeat("a", MaxBytes)},
		"a byte too long":             {strings.Repeat("a", MaxBytes+1), strings.Repeat("a", MaxBytes-3) + "…"},
		"Chinese, as long as may be":  {strings.Repeat("原", 341), strings.Repeat("原", 341)},
		"Chinese, cut at a character": {"x" + strings.Repeat("原", 400), "x" + strings.Repeat("原", 340) + "…"},
		"cut before a character":      {strings.Repeat("a", MaxBytes-4) + strings.Repeat("😀", 2), strings.Repeat("a", MaxBytes-4) + "…"},
		"not UTF-8":                   {"a\xffb", "a\ufffdb"},
		"not UTF-8, and long":         {strings.Repeat("\xff.", 2000), strings.Repeat("\ufffd.", 255) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Cut(c.text); got != c.want {
				t.Errorf("got %d bytes, want %d: %q", len(got), len(c.want), got)
			}
		})
	}
}

func FuzzCut(f *testing.F) {
	for _, seed := range []string{"", "why", strings.Repeat("原", 500), strings.Repeat("\xf0\x9f", 900)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Cut(text); len(got) > MaxBytes || !utf8.ValidString(got) {
			t.Errorf("%d bytes, valid %t", len(got), utf8.ValidString(got))
		}
	})
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// said is a recorder that keeps the last note and counts all.
type said struct {
	note  string
	count int
}

func (s *said) Eventf(_, _ runtime.Object, _, _, _, note string, args ...any) {
	s.count++
	s.note = fmt.Sprintf(note, args...)
}

func (s *said) AnnotatedEventf(_, _ runtime.Object, _ map[string]string, _, _, _, note string, args ...any) {
	s.note = fmt.Sprintf(note, args...)
}

func TestCase29EachWayToRecordAnEventIsBounded(t *testing.T) {
	long := strings.Repeat("%d原", 1000)
	to := &said{}
	r := Bounded(to, clocktesting.NewFakePassiveClock(noon), prometheus.NewRegistry())
	for name, record := range map[string]func(){
		"an Event":                  func() { r.Eventf(&corev1.Pod{}, nil, "Warning", "Why", "Do", "%s", long) },
		"an Event with annotations": func() { r.AnnotatedEventf(&corev1.Pod{}, nil, nil, "Warning", "Why", "Do", "%s", long) },
	} {
		to.note = ""
		if record(); len(to.note) > MaxBytes || !strings.HasPrefix(to.note, "%d原%d原") || !strings.HasSuffix(to.note, "…") {
			t.Errorf("%s has %d bytes: %.40q", name, len(to.note), to.note)
		}
	}
}

// A namespace whose runs all fail has a limit of Events. The limit takes nothing from other namespaces and recovers
// when it is quiet.
func TestCase51EventsOfOneNamespaceAreLimited(t *testing.T) {
	to, now, registry := &said{}, clocktesting.NewFakePassiveClock(noon), prometheus.NewRegistry()
	r := Bounded(to, now, registry)
	record := func(namespace string, times int) (recorded int) {
		before := to.count
		for range times {
			r.Eventf(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace}}, nil, "Warning", "Why", "Do", "because")
		}
		return to.count - before
	}
	if got := record("loud", 10000); got != atOnce {
		t.Errorf("%d Events at once, want %d", got, atOnce)
	}
	if got := record("quiet", 3); got != 3 {
		t.Errorf("%d Events of another namespace, want 3", got)
	}
	now.SetTime(noon.Add(5 * time.Second))
	if got := record("loud", 100); got != 5*perSecond {
		t.Errorf("%d Events after five seconds, want %d", got, 5*perSecond)
	}
	now.SetTime(noon.Add(time.Hour))
	if got := record("loud", 1000); got != atOnce {
		t.Errorf("%d Events after an hour, want %d", got, atOnce)
	}
	if got := testutil.ToFloat64(r.(*bounded).dropped); got != 9800+90+800 {
		t.Errorf("%v Events were counted as dropped", got)
	}
}
