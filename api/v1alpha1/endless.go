package v1alpha1

import (
	"errors"
	"reflect"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Kubernetes computes a quantity with as many digits as its exponent says: to decode "1e-1000000000" takes hours and
// gigabytes, and one such value would hold up everything that decodes. So such a value is not decoded at all.
const (
	// maxExponentDigits of a number that is decoded. The largest quantity is about 1e19.
	maxExponentDigits = 3
	// maxDigits in a row of a number that is decoded.
	maxDigits = 100
)

var (
	quantity   = reflect.TypeFor[resource.Quantity]()
	errEndless = errors.New("a number has too many digits, or too many in its exponent")
)

// mayBeEndless reports whether a number stands in JSON that would take too long to decode as a quantity. Text that
// only looks like one counts, too. Each such number has maxExponentDigits+1 digits and points in a row, so that one of
// as many bytes is looked at, and where that is a digit or a point, what is around it.
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
		i = max(i, to-1) // what follows is in no number
	}
	return false
}

// inNumber reports whether a byte may stand in a number.
func inNumber(c byte) bool {
	return isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// isEndless looks at each byte.
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

// exponentDigits counts the digits of an exponent, as far as it matters.
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
