package main

import (
	"flag"
	"io"
	"slices"
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
	o, err := parse("--lifecycle-language=en", "--namespace=team, ops,team", "--max-log-streams=7", "--log-flush-bytes-per-second=512Ki",
		"--archive-url=file:///logs", "--archive-part-bytes=1Mi", "--archive-spool-bytes=2Gi")
	if err != nil {
		t.Fatal(err)
	}
	if o.Language != lifecycle.English || !slices.Equal(o.Namespaces, []string{"team", "ops"}) || o.LogTurns.Total != 7 || !o.leaderElect {
		t.Errorf("got %+v", o)
	}
	if a := o.Archive; o.LogFlush.BytesPerSecond != 512<<10 || a.URL != "file:///logs" || a.PartBytes != 1<<20 || a.SpoolBytes != 2<<30 {
		t.Errorf("got %+v, %+v", o.LogFlush, a)
	}
	if o, err = parse(); err != nil || o.Archive.URL != "" || o.Archive.SpoolBytes != 1<<30 || o.LogFlush.BytesPerSecond != 1<<20 {
		t.Errorf("defaults: %+v, %+v, %v", o.LogFlush, o.Archive, err)
	}
}

func TestBadFlagsSayWhatIsWanted(t *testing.T) {
	for name, c := range map[string]struct{ arg, says string }{
		"a language that is none": {"--lifecycle-language=de", "want zh or en"},
		"no namespace at all":     {"--namespace=a,", "names of namespaces"},
		"no name of a namespace":  {"--namespace=A_b", "names of namespaces"},
		"no workers":              {"--max-concurrent-reconciles=0", "want at least 1"},
		"no streams":              {"--max-log-streams=0", "want at least 1"},
		"less than no runs":       {"--max-running=-1", "0 or more"},
		"less in a namespace":     {"--max-running-per-namespace=-1", "0 or more"},
		"no grace for images":     {"--image-pull-grace=0s", "more than 0"},
		"no patience":             {"--log-patience=0s", "more than 0"},
		"no budget":               {"--log-flush-bytes-per-second=0", "at least 1Ki"},
		"a budget that is none":   {"--log-flush-bytes-per-second=x", "invalid value"},
		"intervals that shrink":   {"--log-flush-max-interval=1ms", "at least --log-flush-interval"},
		"a part over the spool":   {"--archive-part-bytes=2Gi", "to --archive-spool-bytes"},
		"no time for the archive": {"--archive-deadline=0s", "more than 0"},
		"streams below none":      {"--max-log-streams-per-namespace=-1", "0 or more"},
		"no such flag":            {"--no-such-flag", "not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(c.arg); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}
