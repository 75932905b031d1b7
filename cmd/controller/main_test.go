// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

func parse(args ...string) (options, error) {
	flags := flag.NewFlagSet("controller", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return parseFlags(flags, args)
}

func parseWaiting(t *testing.T, args ...string) backlog.Limits {
	t.Helper()
	o, err := parse(args...)
	if err != nil {
		t.Fatal(err)
	}
	return o.MaxRunning.Waiting
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
	if w := parseWaiting(t, "--max-waiting-per-namespace=7", "--max-waiting-bytes-per-namespace=3Mi"); w != (backlog.Limits{Runs: 7, Bytes: 3 << 20}) {
		t.Errorf("got %+v", w)
	}
	if w := parseWaiting(t); w != backlog.DefaultLimits {
		t.Errorf("by default %+v", w)
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
		"fewer than none wait":    {"--max-waiting-per-namespace=-1", "0 or more"},
		"less than nothing waits": {"--max-waiting-bytes-per-namespace=-1Mi", "0 or more"},
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

func TestSystemNamespace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if got := systemNamespace("", file); got != "" {
		t.Errorf("outside of a pod: %q", got)
	}
	if err := os.WriteFile(file, []byte("team-system\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := systemNamespace("", file); got != "team-system" {
		t.Errorf("in a pod: %q", got)
	}
	if got := systemNamespace("other", file); got != "other" {
		t.Errorf("by the flag: %q", got)
	}
}

func TestVersionFlag(t *testing.T) {
	if o, err := parse("--version"); err != nil || !o.version {
		t.Errorf("version %t, %v", o.version, err)
	}
}
