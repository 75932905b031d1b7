// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import "testing"

func TestKlogLine(t *testing.T) {
	runLines(t, 0, map[string]lineCase{
		"error":                 {`E0923 12:34:56.789012    1234 file.go:12] it broke`, "error", "it broke", `{"caller":"file.go:12"}`},
		"fatal":                 {`F0923 12:34:56.789012    1234 file.go:12] it broke`, "error", "it broke", `{"caller":"file.go:12"}`},
		"information":           {`I0923 12:34:56.789012    1234 file.go:12] error: none`, "info", "error: none", `{"caller":"file.go:12"}`},
		"glog with a year":      {`W20260923 12:34:56.789012    1234 file.cc:12] slow`, "warn", "slow", `{"caller":"file.cc:12"}`},
		"structured":            {`I0923 12:34:56.789012       1 file.go:12] "Pod started" pod="a/b" n=1`, "info", "Pod started", `{"caller":"file.go:12","n":"1","pod":"a/b"}`},
		"structured, no fields": {`W0923 12:34:56.789012       1 file.go:12] "Careful"`, "warn", "Careful", `{"caller":"file.go:12"}`},
		"quotes in the message": {`I0923 12:34:56.789012       1 file.go:12] "Say \"hi\" to" pod="a"`, "info", `Say "hi" to`, `{"caller":"file.go:12","pod":"a"}`},
		"empty value":           {`I0923 12:34:56.789012       1 file.go:12] "x" err="" n=1`, "info", `x`, `{"caller":"file.go:12","err":"","n":"1"}`},
		"a quote, then prose":   {`I0923 12:34:56.789012       1 file.go:12] "x" is not "y"`, "info", `"x" is not "y"`, `{"caller":"file.go:12"}`},
		"an object as a value":  {`I0923 12:34:56.789012       1 file.go:12] "x" o={"a":1}`, "info", `"x" o={"a":1}`, `{"caller":"file.go:12"}`},
		"a quote without end":   {`I0923 12:34:56.789012       1 file.go:12] "x`, "info", `"x`, `{"caller":"file.go:12"}`},
		"no message":            {`I0923 12:34:56.789012       1 file.go:12] `, "info", "", `{"caller":"file.go:12"}`},
		"almost a header":       {`E0923 12:34:56 1234 file.go:12] it broke`, "info", `E0923 12:34:56 1234 file.go:12] it broke`, ""},
	})
}
