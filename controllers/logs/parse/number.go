// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/taskexec/taskexec/controllers/numbers"
)

// storable returns a number, or its text as a string if the API server would silently change the number. The API server
// keeps whole numbers as int64 and others as float64 (sigs.k8s.io/json): it would change 12345678901234567890 to
// 12345678901234567000, and reject 1e999999.
//
// A float64 is returned as a float64, so that it is written as the API server writes it: 1e20 takes 21 bytes there, and
// a list of such numbers would exceed MaxData after it was measured.
func storable(n json.Number) any {
	text := string(n)
	if !strings.ContainsAny(text, ".eE") {
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return text
		}
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || numbers.Digits(text) != numbers.Digits(strconv.FormatFloat(f, 'e', -1, 64)) {
		return text
	}
	return f
}
