package parse

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/taskexec/taskexec/controllers/numbers"
)

// storable gives a number, or its text as a string where the API server would change it without a word. It
// keeps a whole number as int64 and any other as float64 (sigs.k8s.io/json): 12345678901234567890 would come
// back as 12345678901234567000, and 1e999999 not at all.
//
// A float64 is given as such, and so is written as the API server will write it: the four bytes of 1e20 take
// 21 there, and a list of them would outgrow MaxData after it was measured.
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
