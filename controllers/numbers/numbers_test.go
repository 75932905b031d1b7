// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package numbers

import (
	"encoding/json"
	"math/big"
	"testing"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

func TestStored(t *testing.T) {
	for number, c := range map[string]struct {
		stored string
		loss   Loss
	}{
		"0":                     {"0", None},
		"-0":                    {"0", None},
		"-0.0":                  {"0", None},
		"1.50":                  {"1.5", None},
		"1e3":                   {"1000", None},
		"1.0e0":                 {"1", None},
		"0.1":                   {"0.1", None},
		"6.02e23":               {"6.02e+23", None},
		"0.30000000000000004":   {"0.30000000000000004", None},
		"9223372036854775807":   {"9223372036854775807", None},
		"-9223372036854775808":  {"-9223372036854775808", None},
		"9223372036854775808":   {"9223372036854775808", TooLong},
		"1e19":                  {"1e19", TooLong}, // comes back as 10000000000000000000
		"12345678901234567.89":  {"12345678901234567.89", Rounded},
		"9007199254740993.0":    {"9007199254740993.0", Rounded},
		"0.1234567890123456789": {"0.1234567890123456789", Rounded},
		"1e-400":                {"1e-400", Rounded},
		"1.8e308":               {"1.8e308", TooLarge},
	} {
		if stored, loss := Stored(number); stored != c.stored || loss != c.loss {
			t.Errorf("Stored(%s) is %s, %d; want %s, %d", number, stored, loss, c.stored, c.loss)
		}
	}
}

// FuzzStored compares with the API server's own decoding, and the value with exact arithmetic.
func FuzzStored(f *testing.F) {
	for _, seed := range []string{"0", "-0.0", "1e3", "1.5", "12345678901234567.89", "9223372036854775808", "1e19", "0.1", "1e-7", "123456789e-3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if len(number) > 60 || !json.Valid([]byte(number)) || (number[0] != '-' && (number[0] < '0' || number[0] > '9')) {
			return
		}
		stored, loss := Stored(number)
		if loss != None {
			return
		}
		seen := number
		for range 2 { // written to etcd, and read again
			var value any
			if err := utiljson.Unmarshal([]byte(seen), &value); err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			seen = string(raw)
		}
		if seen != stored {
			t.Fatalf("the API server gives %s back as %s, not %s", number, seen, stored)
		}
		want, ok := new(big.Rat).SetString(number)
		got, also := new(big.Rat).SetString(stored)
		if ok && also && want.Cmp(got) != 0 {
			t.Fatalf("%s became %s", number, stored)
		}
	})
}
