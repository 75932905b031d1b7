// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// encoders print a text as programs of several languages do. Forms that Go's standard library lacks are written here
// after the documentation of the other language.
var encoders = map[string]func(string) string{
	"Go's JSON":                  func(s string) string { return inner(marshalled(s, true)) },
	"Go's JSON, HTML as it is":   func(s string) string { return inner(marshalled(s, false)) },
	"Go's %q":                    func(s string) string { return inner(strconv.Quote(s)) },
	"Go's %+q":                   func(s string) string { return inner(strconv.QuoteToASCII(s)) },
	"Go's url.QueryEscape":       url.QueryEscape,
	"Go's url.PathEscape":        url.PathEscape,
	"userinfo of a URL":          func(s string) string { return strings.TrimPrefix(url.UserPassword("u", s).String(), "u:") },
	"HTML":                       html.EscapeString,
	"XML":                        func(s string) string { var b bytes.Buffer; _ = xml.EscapeText(&b, []byte(s)); return b.String() },
	"Python's json.dumps":        func(s string) string { return escaped(s, `"\`, "", jsonRune) },
	"PHP's json_encode":          func(s string) string { return escaped(s, `"\/`, "", jsonRune) },
	"JSON, all that HTML has":    func(s string) string { return escaped(s, `"\`, `<>&'`, jsonRune) },
	"Python's ascii":             func(s string) string { return escaped(s, `'\`, "", pythonRune) },
	"Python's repr of bytes":     func(s string) string { return perByte(s, `'\`, `\x%02x`) },
	"C's octal":                  func(s string) string { return perByte(s, `"\`, `\%03o`) },
	"encodeURIComponent":         func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
	"JavaScript's escape":        jsEscape,
	"a shell's single quotes":    func(s string) string { return strings.ReplaceAll(s, `'`, `'\''`) },
	"Python's shlex.quote":       func(s string) string { return strings.ReplaceAll(s, `'`, `'"'"'`) },
	"a shell's double quotes":    func(s string) string { return escaped(s, "\"\\$`", "", asIs) },
	"bash's printf %q":           func(s string) string { return escaped(s, " !\"#$&'()*;<>?[\\]^`{|}~", "", asIs) },
	"numeric entities":           func(s string) string { return entities(s, "&#%d;") },
	"numeric entities in digits": func(s string) string { return entities(s, "&#x%X;") },
}

func marshalled(s string, html bool) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	_ = e.Encode(s) // a text can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// inner removes the quotes of a quoted text.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// escaped puts a backslash before some characters. It prints non-ASCII characters and some others in another way.
func escaped(s, backslashed, others string, other func(rune) string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && strings.ContainsRune(backslashed, r):
			b.WriteString(`\` + string(r))
		case r >= utf8.RuneSelf, strings.ContainsRune(others, r):
			b.WriteString(other(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func asIs(r rune) string { return string(r) }

func jsonRune(r rune) string {
	if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
		return fmt.Sprintf(`\u%04x\u%04x`, r1, r2)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

func pythonRune(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

func perByte(s, backslashed, format string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(backslashed, c) >= 0:
			b.WriteString(`\` + string(rune(c)))
		case c >= utf8.RuneSelf:
			fmt.Fprintf(&b, format, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func jsEscape(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		switch {
		case unit < utf8.RuneSelf && strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@*_+-./", rune(unit)):
			b.WriteRune(rune(unit))
		case unit < 0x100:
			fmt.Fprintf(&b, "%%%02X", unit)
		default:
			fmt.Fprintf(&b, "%%u%04X", unit)
		}
	}
	return b.String()
}

func entities(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, format, r)
	}
	return b.String()
}

// usable reports whether a value is searched for in all forms. It is one line, and must not end with a backslash, which
// would absorb the character behind it.
func usable(value string) bool {
	return utf8.ValidString(value) && strings.TrimSpace(value) == value && utf8.RuneCountInString(value) >= minRunes && len(value) < 200 &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError }) &&
		!strings.Contains(Marker, value) && !strings.HasSuffix(value, `\`)
}

// left reports whether something of a value is left in a text. Quotes of the encoding may be left: if a value begins
// with a quote, its encoding ends with the value itself.
func left(value, encoded string) bool {
	const before, after = "https://u:", "@host/x?q=1"
	rest, begins := strings.CutPrefix(New([]string{value}).Text(before+encoded+after), before)
	rest, ends := strings.CutSuffix(rest, after)
	return !begins || !ends || strings.Trim(rest, `'"\`) != Marker
}

// FuzzCase59Encoders checks that nothing of a value is left, whichever one or two encoders a program prints it with.
func FuzzCase59Encoders(f *testing.F) {
	for _, value := range []string{
		`p&ss <w>ö'r"d/100%`, "hunter2hunter2", "a+b c", `back\slash`, `\u0026`, `%26%26`, "&amp;x", "😀 two", "p@ss:w/rd?x=1#y", "$HOME`id`", "naïve ü", "'''' quotes", `""""`, "a\u2028b\u2029c",
		"%%%%", "++++", `\\\\`, "&lt;&lt;", `x\n y`, "passwort ÿ Ā",
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !usable(value) {
			t.Skip()
		}
		for name, encode := range encoders {
			encoded := encode(value)
			if left(value, encoded) {
				t.Errorf("%s prints %q as %q, which reads %q", name, value, encoded, New([]string{value}).Text(encoded))
			}
		}
	})
}

// An encoded value is inside JSON, as in a log line of a program that prints a URL.
func TestCase59EncodedInJSON(t *testing.T) {
	for _, value := range []string{`p&ss <w>ö'r"d/100%`, "p@ss:w/rd?x=1#y", "😀 two words", `back\slash"quote`} {
		for name, encode := range encoders {
			for second, again := range map[string]func(string) string{"Go's JSON": encoders["Go's JSON"], "Python's json.dumps": encoders["Python's json.dumps"], "PHP's": encoders["PHP's json_encode"]} {
				if encoded := again(encode(value)); left(value, encoded) {
					t.Errorf("%s in %s prints %q as %q, which reads %q", name, second, value, encoded, New([]string{value}).Text(encoded))
				}
			}
		}
	}
}
