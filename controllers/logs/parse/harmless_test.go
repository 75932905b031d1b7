// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHarmless(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		most int
		want string
	}{
		"ordinary":          {"no such image", 100, "no such image"},
		"escapes and lines": {" \x1b[31mred\x1b[0m\r\nnext\x00 ", 100, "red next"},
		"just as long":      {"abcdef", 6, "abcdef"},
		"cut":               {"abcdefghij", 8, "abcd …"},
		"between runes":     {strings.Repeat("同", 10), 12, "同同 …"},
		"no UTF-8":          {"a\xff", 100, "a\ufffd"},
		"no room":           {"abcdefghij", 2, " …"},
		"markup is text":    {"<script>", 100, "<script>"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Harmless(c.in, c.most)
			if got != c.want || !utf8.ValidString(got) || len(got) > max(c.most, len(cutMark)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
