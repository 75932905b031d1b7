// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"errors"
	"reflect"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Kubernetes computes a quantity with as many digits as its exponent says. Decoding "1e-1000000000" takes hours and gigabytes, and one
// such value would block every decoder. So such a value is not decoded.
const (
	// maxExponentDigits limits the digits of an exponent that is decoded. The largest quantity is about 1e19.
	maxExponentDigits = 3
	// maxDigits limits the digits in a row of a number that is decoded.
	maxDigits = 100
)

var (
	quantity   = reflect.TypeFor[resource.Quantity]()
	errEndless = errors.New("a number has too many digits, or too many in its exponent")
)

// mayBeEndless reports whether JSON contains a number that would take too long to decode as a quantity. Text that only looks like
// such a number counts too. Each such number has maxExponentDigits+1 digits and points in a row. So the function checks only
// every fourth byte, and if that is a digit or a point, the bytes around it.
func mayBeEndless(data []byte) bool {
	for i := maxExponentDigits; i < len(data); i += maxExponentDigits + 1 {
		if !isDigit(data[i]) && data[i] != '.' {
			continue
		}
		from, to := i, i+1
		for from > 0 && inNumber(data[from-1]) {
			from--
		}
		for to < len(data) && inNumber(data[to]) {
			to++
		}
		if isEndless(data[from:to]) {
			return true
		}
		i = max(i, to-1) // the number ends here
	}
	return false
}

// inNumber reports whether a byte may be part of a number.
func inNumber(c byte) bool {
	return isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// isEndless is mayBeEndless for one possible number. It checks every byte.
func isEndless(data []byte) bool {
	digits := 0 // in a row, points included, up to here
	for i, c := range data {
		switch {
		case isDigit(c) || c == '.':
			if digits++; digits > maxDigits {
				return true
			}
			continue
		case (c == 'e' || c == 'E') && digits > 0 && exponentDigits(data[i+1:]) > maxExponentDigits:
			return true
		}
		digits = 0
	}
	return false
}

// exponentDigits counts the digits of an exponent, up to maxExponentDigits+1.
func exponentDigits(data []byte) (n int) {
	if len(data) > 0 && (data[0] == '+' || data[0] == '-') {
		data = data[1:]
	}
	for n < len(data) && n <= maxExponentDigits && isDigit(data[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
