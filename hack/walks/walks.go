// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package walks makes rapid check the same random sequences each time, so that a test fails only because of a change.
// To check others, set -rapid.seed=0 and -rapid.checks on the command line.
package walks

import (
	"flag"
	"strconv"
	"testing"
)

// seed is arbitrary.
const seed = "20261125"

// Same makes rapid check the same walks: their number is walks, and their average length steps. Flags on the command
// line override both.
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
		f := flag.Lookup(name).Value // flag.Set would mark the flag as set on the command line, and the next test would not override it
		before := f.String()
		if err := f.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Set(before) }) // cannot fail, because the value was valid before
	}
}
