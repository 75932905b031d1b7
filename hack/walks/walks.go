// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package walks makes rapid check the same random sequences each time, so that a test fails only because of a change. To search for
// more, set -rapid.seed=0 and -rapid.checks on the command line.
package walks

import (
	"flag"
	"strconv"
	"testing"
)

// seed is arbitrary.
const seed = "20261125"

// Same walks, so many, of so many steps on average; what the command line says stands.
func Same(t testing.TB, walks, steps int) {
	t.Helper()
	said := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { said[f.Name] = true })
	for name, value := range map[string]string{
		"rapid.seed": seed, "rapid.checks": strconv.Itoa(walks), "rapid.steps": strconv.Itoa(steps), "rapid.nofailfile": "true",
	} {
		if said[name] {
			continue
		}
		f := flag.Lookup(name).Value // flag.Set would have it said on the command line, for the next who comes
		before := f.String()
		if err := f.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Set(before) }) // it was a good value before
	}
}
