package notes

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

// said is a recorder that keeps the last note.
type said struct{ note string }

func (s *said) Eventf(_, _ runtime.Object, _, _, _, note string, args ...any) {
	s.note = fmt.Sprintf(note, args...)
}

func (s *said) AnnotatedEventf(_, _ runtime.Object, _ map[string]string, _, _, _, note string, args ...any) {
	s.note = fmt.Sprintf(note, args...)
}

func TestCase29EachWayToRecordAnEventIsBounded(t *testing.T) {
	long := strings.Repeat("%d原", 1000)
	to := &said{}
	r := Bounded(to)
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
