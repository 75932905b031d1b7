// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestSanitize(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing to do":     {"a\tb 同 é 👩‍💻", "a\tb 同 é 👩‍💻"},
		"NUL, BS, DEL":      {"a\x00b\x08c\td\x7f", "abc\td"},
		"C1":                {"a\u0080\u009f!b", "a!b"},
		"line breaks":       {"a\nb\r\nc\u2028d\u2029e\u0085f\vg\fh", "a b c d e f g h"},
		"progress":          {"10%\r20%\r30%", "10% 20% 30%"},
		"no UTF-8":          {"a\xffb\xc3", "a\ufffdb\ufffd"},
		"overlong NUL":      {"a\xc0\x80b", "a\ufffd\ufffdb"},
		"surrogate":         {"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"},
		"bidi":              {"a\u202e\u202a\u2066\u2069\u200e\u200f\u061cb", "ab"},
		"byte order mark":   {"\ufeffa", "a"},
		"rune around ESC":   {"\xe2\x1b[m\x80\xa8", "\ufffd\ufffd\ufffd"},
		"NUL within escape": {"\x1b\x00[31mred", "[31mred"},
	} {
		t.Run(name, func(t *testing.T) {
			got := sanitize(c.in)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if again := sanitize(got); again != got {
				t.Errorf("the second time it is %q", again)
			}
		})
	}
}
