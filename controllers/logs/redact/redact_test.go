package redact

import (
	"strings"
	"testing"
	"unicode/utf8"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestText(t *testing.T) {
	for name, c := range map[string]struct {
		values     []string
		text, want string
	}{
		"no values":                            {nil, "all stays", "all stays"},
		"a value":                              {[]string{"s3cret"}, "token=s3cret, again s3crets3cret", "token=[redacted], again [redacted][redacted]"},
		"another is left":                      {[]string{"s3cret"}, "secret", "secret"},
		"shorter than 4 characters":            {[]string{"abc", "", "同步的"}, "abc 同步的", "abc 同步的"},
		"4 characters":                         {[]string{"abcd", "同步密码"}, "abcd 同步密码", "[redacted] [redacted]"},
		"the longer goes first":                {[]string{"pass", "password", "passwords"}, "passwords password pass", "[redacted] [redacted] [redacted]"},
		"a number":                             {[]string{"12345"}, "the 12345th of 123456", "the [redacted]th of [redacted]6"},
		"space around is not looked for":       {[]string{" s3cret\n"}, "s3cret", "[redacted]"},
		"each line of many":                    {[]string{"-----BEGIN KEY-----\r\nMIIEow\n\nab\n"}, "MIIEow ab -----BEGIN KEY-----", "[redacted] ab [redacted]"},
		"within JSON":                          {[]string{`a"b\c<d`}, `{"p":"a\"b\\c<d"} a"b\c<d`, `{"p":"[redacted]"} [redacted]`},
		"no pattern":                           {[]string{`.*$(x)`}, `anything .*$(x)`, `anything [redacted]`},
		"cut within a value":                   {[]string{"s3cret-and-long"}, "token=s3cret-an … (20 bytes more)", "token=[redacted] … (20 bytes more)"},
		"cut, and the beginning is too short":  {[]string{"s3cret"}, "token=s3c … (20 bytes more)", "token=s3c … (20 bytes more)"},
		"cut elsewhere":                        {[]string{"s3cret"}, "s3cret and s3cre, too … (2 bytes more)", "[redacted] and s3cre, too … (2 bytes more)"},
		"nothing but the value":                {[]string{"s3cret"}, "s3cret", "[redacted]"},
		"the marker itself is not looked into": {[]string{"redacted", "s3cret"}, "s3cret", "[redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := New(c.values).Text(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := (*Redactor)(nil).Text("s3cret"); got != "s3cret" {
		t.Errorf("one that knows nothing changed it to %q", got)
	}
}

func TestEntries(t *testing.T) {
	entry := func(message, data string) v1alpha1.LogEntry {
		e := v1alpha1.LogEntry{Message: message}
		if data != "" {
			e.Data = &apiextensionsv1.JSON{Raw: []byte(data)}
		}
		return e
	}
	r := New([]string{`s3<cret`, "12345678"})
	for name, c := range map[string]struct{ data, want string }{
		"nothing secret stays as it is": {`{"b":1.0,"a":"<x>"}`, `{"b":1.0,"a":"<x>"}`},
		"a string":                      {`{"a":"is s3<cret!"}`, `{"a":"is [redacted]!"}`},
		"a string with escapes":         {`{"a":"s3\u003ccret"}`, `{"a":"[redacted]"}`},
		"deep":                          {`{"a":[{"b":["s3<cret",1.50]}]}`, `{"a":[{"b":["[redacted]",1.50]}]}`},
		"a name":                        {`{"s3<cret":true}`, `{"[redacted]":true}`},
		"a number":                      {`{"a":12345678,"b":1234567}`, `{"a":"[redacted]","b":1234567}`},
		"what is no JSON is left out":   {`{"a":`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			given := []v1alpha1.LogEntry{entry("got s3<cret", c.data)}
			got := r.Entries(given)
			if got[0].Message != "got [redacted]" || (got[0].Data == nil) != (c.want == "") || got[0].Data != nil && string(got[0].Data.Raw) != c.want {
				t.Errorf("got %q with %+v, want %s", got[0].Message, got[0].Data, c.want)
			}
			if given[0].Message != "got s3<cret" || string(given[0].Data.Raw) != c.data {
				t.Error("what it was given was changed")
			}
		})
	}
}

func TestPiecesAreBounded(t *testing.T) {
	var value strings.Builder
	for i := range 5000 {
		value.WriteString(strings.Repeat("x", 4+i%50) + string(rune('a'+i%26)) + string(rune('a'+i/200)) + "\n")
	}
	if n := len(New([]string{value.String()}).pieces); n != maxPieces {
		t.Errorf("%d pieces", n)
	}
}

// FuzzText: whatever the values and the text, no value is left between the markers.
func FuzzText(f *testing.F) {
	f.Add("s3cret", "password", "a s3cret password … (3 bytes more)")
	f.Add("aaaa", "aaab", "aaaaaaab")
	f.Add("\n\n\xff\xff\xff\xff", "", "\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		r := New([]string{a, b})
		for _, rest := range strings.Split(r.Text(text), Marker) {
			for _, piece := range r.pieces {
				if strings.Contains(rest, piece) && !strings.Contains(text, Marker) {
					t.Errorf("%q is left in %q", piece, rest)
				}
			}
		}
		if utf8.ValidString(text) && utf8.ValidString(a) && utf8.ValidString(b) && !utf8.ValidString(r.Text(text)) {
			t.Errorf("%q became invalid", text)
		}
	})
}
