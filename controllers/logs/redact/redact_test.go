// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"math/rand/v2"
	"net/url"
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
		"those that overlap":                   {[]string{"abcdef", "defghi"}, "abcdefghi", "[redacted]"},
		"redacted before":                      {[]string{"redacted", "s3cret"}, "[redacted] s3cret", "[redacted] [redacted]"},
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

// Programs print a value in the forms that their libraries produce.
func TestCase46FormsOfAValue(t *testing.T) {
	const value = `p&ss <w>ö'r"d/100%`
	for name, text := range map[string]string{
		"as it is":                           value,
		"Go's url.QueryEscape":               `p%26ss+%3Cw%3E%C3%B6%27r%22d%2F100%25`,
		"JavaScript's encodeURIComponent":    `p%26ss%20%3Cw%3E%C3%B6'r%22d%2F100%25`,
		"JavaScript's encodeURI":             `p&ss%20%3Cw%3E%C3%B6'r%22d/100%25`,
		"Python's quote_plus, in lower case": `p%26ss+%3cw%3e%c3%b6%27r%22d%2f100%25`,
		"each byte percent-encoded":          `%70%26%73%73%20%3C%77%3E%C3%B6%27%72%22%64%2F%31%30%30%25`,
		"percent-encoded twice":              `p%2526ss%2520%253Cw%253E%25C3%25B6%2527r%2522d%252F100%2525`,
		"Go's JSON":                          `p\u0026ss \u003cw\u003eö'r\"d/100%`,
		"Go's JSON without HTML's escapes":   `p&ss <w>ö'r\"d/100%`,
		"Python's JSON":                      `p&ss <w>\u00f6'r\"d/100%`,
		"PHP's JSON":                         `p&ss <w>\u00f6'r\"d\/100%`,
		"JSON in upper case":                 `p\u0026ss \u003Cw\u003E\u00F6\u0027r\u0022d\u002F100%`,
		"JSON in JSON":                       `p\\u0026ss \\u003cw\\u003eö'r\\\"d/100%`,
		"Go's %+q":                           `p&ss <w>\u00f6'r\"d/100%`,
		"Python's repr of bytes":             `p&ss <w>\xc3\xb6\'r"d/100%`,
		"Python's ascii":                     `p&ss <w>\xf6\'r"d/100%`,
		"JavaScript's code points":           `p&ss <w>\u{f6}'r"d/100%`,
		"a shell's trace":                    `p&ss <w>ö'\''r"d/100%`,
		"Python's shlex.quote":               `p&ss <w>ö'"'"'r"d/100%`,
		"bash's printf %q":                   `p\&ss\ \<w\>ö\'r\"d/100%`,
		"a shell's $'' in octal":             `p&ss <w>\303\266\'r"d/100%`,
		"in a shell's double quotes":         `p&ss <w>ö'r\"d/100%`,
		"HTML":                               `p&amp;ss &lt;w&gt;&ouml;&#39;r&#34;d/100%`,
		"base64":                             `cCZzcyA8dz7DtidyImQvMTAwJQ==`,
		"base64 without padding":             `cCZzcyA8dz7DtidyImQvMTAwJQ`,
		"hexadecimal":                        `70267373203c773ec3b6277222642f31303025`,
		"hexadecimal in upper case":          `70267373203C773EC3B6277222642F31303025`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := New([]string{value}).Text("<" + text + ">"); got != "<"+Marker+">" {
				t.Errorf("%q reads %q", text, got)
			}
		})
	}
}

// If a value was encoded together with its surroundings, only characters that encode the surroundings are left.
func TestCase46Base64OfMore(t *testing.T) {
	const value = "correct horse battery?>staple"
	r := New([]string{value})
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		for _, before := range []string{"", "u", "us", "ann:", "user:"} {
			for _, after := range []string{"", "\n", ":x", " and more"} {
				text := alphabet.EncodeToString([]byte(before + value + after))
				got := r.Text("Basic " + text)
				inner := innerBase64(alphabet, value, len(before)%3)
				if strings.Contains(got, inner) || !strings.Contains(got, Marker) || len(got) > len("Basic "+Marker)+(len(before)+len(after)+3)*4/3+4 {
					t.Errorf("%q with %q and %q: %q", value, before, after, got)
				}
			}
		}
	}
	long := strings.Repeat("0123456789abcdef;", 30)
	var wrapped strings.Builder
	for text := base64.StdEncoding.EncodeToString([]byte(long)); text != ""; text = text[min(76, len(text)):] {
		wrapped.WriteString(text[:min(76, len(text))] + "\n")
	}
	for line := range strings.Lines(wrapped.String()) {
		if got := New([]string{long}).Text(strings.TrimSpace(line)); got != Marker {
			t.Errorf("a line of wrapped base64 reads %q", got)
		}
	}
}

// A short value is not redacted in any form. Otherwise, whoever chooses what is printed could guess it by what is
// redacted.
func TestCase46ShortValuesAreNoOracle(t *testing.T) {
	for _, value := range []string{"abc", "42", "", "a&b", "\n\n\n\n\n", "  xyz  ", "ü€😀"} {
		if pieces := New([]string{value}).finder.pieces; len(pieces) > 0 {
			t.Errorf("%q is looked for as %q", value, pieces)
		}
	}
	for _, piece := range New([]string{"abcd", "12345"}).finder.pieces {
		if len(piece) < minRunes {
			t.Errorf("%q is looked for", piece)
		}
	}
}

// A value that is longer than a piece is redacted as a whole.
func TestCase46LongValue(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	for b.Len() < 20_000 {
		b.WriteRune('ü')
		b.WriteByte("abcdefghij"[random.IntN(10)])
	}
	value := b.String()
	r := New([]string{value})
	for _, text := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), url.QueryEscape(value)} {
		if got := r.Text("<" + text + ">"); len(strings.ReplaceAll(got, Marker, "")) > 60 {
			t.Errorf("%d bytes are left of %d", len(got), len(text))
		}
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
	r := New([]string{value.String()})
	if n := len(r.finder.pieces); n > maxPieces || n < maxPieces/2 || r.finder.longest > 2*maxPiece {
		t.Errorf("%d pieces, the longest of %d bytes", n, r.finder.longest)
	}
}

// FuzzText checks that no value is left between the markers, whatever the values and the text.
func FuzzText(f *testing.F) {
	f.Add("s3cret", "password", "a s3cret password … (3 bytes more)")
	f.Add("aaaa", "aaab", "aaaaaaab")
	f.Add("\n\n\xff\xff\xff\xff", "", "\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		r := New([]string{a, b})
		for _, rest := range strings.Split(r.Text(text), Marker) {
			for _, piece := range r.finder.pieces {
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
