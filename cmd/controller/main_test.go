package main

import (
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/controllers/lifecycle"
)

func parse(args ...string) (options, error) {
	flags := flag.NewFlagSet("controller", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return parseFlags(flags, args)
}

func TestFlags(t *testing.T) {
	o, err := parse("--lifecycle-language=en", "--namespace=team", "--max-log-streams=7")
	if err != nil {
		t.Fatal(err)
	}
	if o.Language != lifecycle.English || o.namespace != "team" || o.MaxLogStreams != 7 || !o.leaderElect {
		t.Errorf("got %+v", o)
	}
}

func TestBadFlagsSayWhatIsWanted(t *testing.T) {
	for name, c := range map[string]struct{ arg, says string }{
		"a language that is none": {"--lifecycle-language=de", "want zh or en"},
		"no workers":              {"--max-concurrent-reconciles=0", "want at least 1"},
		"no streams":              {"--max-log-streams=0", "want at least 1"},
		"no patience":             {"--log-patience=0s", "more than 0"},
		"no such flag":            {"--no-such-flag", "not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(c.arg); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}
