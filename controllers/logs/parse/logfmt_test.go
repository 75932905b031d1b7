// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestLogfmtLine(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"logrus":               {`time="2026-01-02T03:04:05Z" level=error msg="upload failed" attempt=3`, "error", "upload failed", `{"attempt":"3"}`},
		"go-kit":               {`ts=2026-01-02T03:04:05Z caller=main.go:1 level=warn msg=slow`, "warn", "slow", `{"caller":"main.go:1"}`},
		"pino's number":        {`level=50 msg=x`, "error", "x", ""},
		"escaped quotes":       {`level=info msg="say \"hi\" \\" k="a=b"`, "info", `say "hi" \`, `{"k":"a=b"}`},
		"hidden escape":        {`level=info msg="\u001b[31mred"`, "info", "red", ""},
		"empty values":         {`level=info msg="" code= k=1`, "info", "", `{"code":"","k":"1"}`},
		"only a message":       {`msg=hello`, "info", "hello", ""},
		"message with a level": {`msg="error: x" k=1`, "error", "error: x", `{"k":"1"}`},
		"a duration":           {`level=info msg=done time=3ms`, "info", "done", `{"time":"3ms"}`},
		"prose":                {`level=error but this is prose`, "info", `level=error but this is prose`, ""},
		"prose before":         {`failed level=error msg=x`, "info", `failed level=error msg=x`, ""},
		"no level, no message": {`a=1 b=2`, "info", `a=1 b=2`, ""},
		"a quote without end":  {`level=error msg="x`, "info", `level=error msg="x`, ""},
		"text after a quote":   {`level=error msg="x"y`, "info", `level=error msg="x"y`, ""},
		"no key":               {`=error msg=x`, "info", `=error msg=x`, ""},
		"two equals signs":     {`level=error msg=a=b`, "info", `level=error msg=a=b`, ""},
	})
}

func TestLogfmtLineThatWasCut(t *testing.T) {
	runLines(t, 100, map[string]lineCase{
		"within a quoted value":     {`level=error msg=x n=1 stack="goroutine`, "error", "x … (117 bytes more)", `{"_truncated":true,"n":"1"}`},
		"within an escape":          {`level=error msg=x stack="a\`, "error", "x … (110 bytes more)", `{"_truncated":true}`},
		"before an escaped quote":   {`level=error msg=x stack="a\"`, "error", "x … (111 bytes more)", `{"_truncated":true}`},
		"within a value":            {`level=error msg="a b" n=12`, "error", "a b … (105 bytes more)", `{"_truncated":true}`},
		"within a key":              {`level=error msg=x sta`, "error", "x … (104 bytes more)", `{"_truncated":true}`},
		"after an equals sign":      {`level=error msg=x stack=`, "error", "x … (107 bytes more)", `{"_truncated":true}`},
		"after a quote":             {`level=error n=1 msg="x"`, "error", "x … (100 bytes more)", `{"n":"1"}`},
		"after a space":             {`level=error msg=x `, "error", "x … (101 bytes more)", `{"_truncated":true}`},
		"within the message":        {`level=error msg="goroutine 1`, "error", `level=error msg="goroutine 1 … (100 bytes more)`, ""},
		"within a word of message":  {`level=error msg=gorou`, "error", `level=error msg=gorou … (100 bytes more)`, ""},
		"within the level":          {`msg=x level=deb`, "info", "x … (110 bytes more)", `{"_truncated":true}`},
		"no logger's":               {`a=1 b="goroutine`, "info", `a=1 b="goroutine … (100 bytes more)`, ""},
		"prose":                     {`level=error but this is prose`, "info", `level=error but this is prose … (100 bytes more)`, ""},
		"text after a quote":        {`level=error msg="x"y`, "info", `level=error msg="x"y … (100 bytes more)`, ""},
		"a quote within a key":      {`level=error msg=x a"b`, "info", `level=error msg=x a"b … (100 bytes more)`, ""},
		"two equals signs":          {`level=error msg=a=b k=1 x`, "info", `level=error msg=a=b k=1 x … (100 bytes more)`, ""},
		"one word":                  {`goroutine`, "info", "goroutine … (100 bytes more)", ""},
		"nothing before the cut":    {`stack="goroutine`, "info", `stack="goroutine … (100 bytes more)`, ""},
		"text that states no level": {`msg="ERROR: x" stack="gorou`, "error", "ERROR: x … (113 bytes more)", `{"_truncated":true}`},
	})
}
