// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package numbers knows which numbers the API server keeps. It keeps a whole number as an int64 and any other number as
// a float64 (sigs.k8s.io/json), and reports no error if digits are lost.
package numbers

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Loss is how the API server would change a number.
type Loss int

const (
	// None means that the value stays. Its spelling may change: 1.50 comes back as 1.5, and 1e3 as 1000.
	None Loss = iota
	// TooLong is a whole number of more than 64 bits. It comes back with zeros in place of its last digits.
	TooLong
	// TooLarge is beyond the range of a float64.
	TooLarge
	// Rounded is a decimal with more digits than a float64 holds.
	Rounded
)

// Stored returns a JSON number as it comes back from the API server. If there is a loss, stored is the original number.
func Stored(number string) (stored string, loss Loss) {
	if !strings.ContainsAny(number, ".eE") {
		return whole(number, number)
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number, TooLarge
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return number, TooLarge
	}
	stored = string(raw)
	switch {
	case Digits(number) != Digits(stored):
		return number, Rounded
	case !strings.ContainsAny(stored, ".eE"):
		return whole(stored, number) // etcd has it as a whole number, and so it is read again
	default:
		return stored, None
	}
}

func whole(number, written string) (string, Loss) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return written, TooLong
	}
	return strconv.FormatInt(n, 10), None
}

// Digits returns the significant digits of a number: those of 0.0120e5 are 12. A number and the float64 next to it have
// the same value when their digits are the same, unless the float64 overflowed.
func Digits(number string) string {
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		number = number[:i]
	}
	number = strings.Replace(strings.TrimPrefix(number, "-"), ".", "", 1)
	return strings.Trim(number, "0")
}
