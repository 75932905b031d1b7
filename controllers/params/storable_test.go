// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package params

import "testing"

func TestUnstorable(t *testing.T) {
	const digits = "is a whole number of more than 64 bits, so Kubernetes would lose digits; send it as a string"
	for name, c := range map[string]struct{ given, want string }{
		"none":             {`{}`, ""},
		"not JSON":         {`{`, ""},
		"ordinary numbers": {`{"a":1,"b":-0.5,"c":1e3,"d":[0]}`, ""},
		"the largest":      {`{"a":9223372036854775807,"b":-9223372036854775808}`, ""},
		"one more":         {`{"a":9223372036854775808}`, "/a: " + digits},
		"one less":         {`{"a":[{"b":-9223372036854775809}]}`, "/a/0/b: " + digits},
		"beyond float64":   {`{"a":1.8e308}`, "/a: is a number too large for Kubernetes; send it as a string"},
		"all of them":      {`{"b":9999999999999999999,"a":9999999999999999999}`, "/a: " + digits + "; /b: " + digits},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Unstorable([]byte(c.given)).Error(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
