// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"testing"
)

func TestStorable(t *testing.T) {
	for number, want := range map[string]string{
		"0":                     "0",
		"-1":                    "-1",
		"1.0":                   "1",
		"0.1":                   "0.1",
		"-0.50e-2":              "-0.005",
		"1e3":                   "1000",
		"1e20":                  "100000000000000000000",
		"1e21":                  "1e+21",
		"0e999":                 "0",
		"0.30000000000000004":   "0.30000000000000004",
		"1700000000.123456":     "1700000000.123456",
		"9223372036854775807":   "9223372036854775807",
		"-9223372036854775808":  "-9223372036854775808",
		"9223372036854775808":   `"9223372036854775808"`,
		"12345678901234567890":  `"12345678901234567890"`,
		"0.1234567890123456789": `"0.1234567890123456789"`,
		"1e999999":              `"1e999999"`,
		"-1e400":                `"-1e400"`,
		"1e-999999":             `"1e-999999"`,
	} {
		got, err := json.Marshal(storable(json.Number(number)))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, want %s (%v)", number, got, want, err)
		}
	}
}
