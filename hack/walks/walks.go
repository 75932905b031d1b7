// Package walks has rapid walk the same walks each time, so that a change is blamed for nothing but itself. Who looks for
// more sets -rapid.seed=0 and -rapid.checks on the command line.
package walks

import (
	"flag"
	"strconv"
	"testing"
)

// seed of the walks: any will do.
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
