// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// lineCase is a line and its entry. data is JSON, or empty.
type lineCase struct{ line, level, message, data string }

func runLines(t *testing.T, truncated int64, cases map[string]lineCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := Line(noon, []byte(c.line), truncated)
			data := ""
			if got.Data != nil {
				data = string(got.Data.Raw)
			}
			if string(got.Level) != c.level || got.Message != c.message || data != c.data {
				t.Errorf("got [%s] %q %s, want [%s] %q %s", got.Level, got.Message, data, c.level, c.message, c.data)
			}
			if !got.Timestamp.Time.Equal(noon) {
				t.Errorf("timestamp %s", got.Timestamp)
			}
		})
	}
}

func TestLine(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"plain":            {"just text", "info", "just text", ""},
		"empty":            {"", "info", "", ""},
		"carriage return":  {"text\r", "info", "text", ""},
		"byte order mark":  {"\ufeff" + `{"level":"warn","msg":"x"}`, "warn", "x", ""},
		"coloured JSON":    {"\x1b[2m" + `{"level":"warn","msg":"x"}` + "\x1b[0m", "warn", "x", ""},
		"coloured logfmt":  {"\x1b[36mlevel=\x1b[0mwarn \x1b[36mmsg=\x1b[0mx", "warn", "x", ""},
		"coloured level":   {`{"level":"\u001b[31mERROR\u001b[0m","msg":"x"}`, "error", "x", ""},
		"escapes in JSON":  {`{"msg":"x","k\u0000":"\u001b[31mred\u0007"}`, "info", "x", `{"k":"red"}`},
		"markup is text":   {"<script>alert(1)</script>", "info", "<script>alert(1)</script>", ""},
		"JSON before text": {`{"level":"error","msg":"x"} and more`, "info", `{"level":"error","msg":"x"} and more`, ""},
	})
}

// A stack trace in data keeps its line breaks, whatever the format of the line. A message is one line.
func TestCase32DataKeepsItsLines(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"JSON":                     {`{"level":"error","msg":"a\nb","stack":"x\n\tat y\r\n"}`, "error", "a b", `{"stack":"x\n\tat y\r\n"}`},
		"within objects and lists": {`{"level":"error","msg":"a","error":{"stack":["x\ny"]}}`, "error", "a", `{"error":{"stack":["x\ny"]}}`},
		"logfmt":                   {`level=error msg="a\nb" stack="x\n\ty"`, "error", "a b", `{"stack":"x\n\ty"}`},
		"klog":                     {`E0923 12:34:56.789012 1 file.go:12] "a\nb" stack="x\ny"`, "error", "a b", `{"caller":"file.go:12","stack":"x\ny"}`},
		"lines of Unicode":         {"{\"level\":\"error\",\"msg\":\"a\u2028b\",\"stack\":\"x\u2028y\u2029z\u0085\"}", "error", "a b", "{\"stack\":\"x\\u2028y\\u2029z\u0085\"}"},
		"spaces that do not break": {"{\"msg\":\"a\",\"n\":\"10\u00a0000\"}", "info", "a", "{\"n\":\"10\u00a0000\"}"},
	})
	runLines(t, 9, map[string]lineCase{
		"JSON whose end is missing":   {`{"level":"error","msg":"a","stack":"x\ny","n":1,"s":"z`, "error", "a … (16 bytes more)", `{"_truncated":true,"n":1,"stack":"x\ny"}`},
		"logfmt whose end is missing": {`level=error msg=a stack="x\ny" s="z`, "error", "a … (14 bytes more)", `{"_truncated":true,"stack":"x\ny"}`},
	})
}

func TestLineKeepsNothingOfItsInput(t *testing.T) {
	line := []byte(`{"level":"warn","msg":"message","k":"value"}`)
	plain := []byte("plain text")
	got, text := Line(noon, line, 0), Line(noon, plain, 0)
	clear(line) // the follower reuses the memory for the next line
	clear(plain)
	if got.Message != "message" || string(got.Data.Raw) != `{"k":"value"}` || text.Message != "plain text" {
		t.Errorf("got %q %s %q", got.Message, got.Data.Raw, text.Message)
	}
}

func TestNegativeTruncatedCountsAsNone(t *testing.T) {
	if got := Line(noon, []byte("x"), -1).Message; got != "x" {
		t.Errorf("got %q", got)
	}
}
