package main

import (
	"flag"
	"io"
	"strings"
	"testing"
	"time"
)

func parse(args ...string) (options, error) {
	flags := flag.NewFlagSet("apiserver", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return parseFlags(flags, args)
}

func TestFlags(t *testing.T) {
	o, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if o.BindAddress != ":8080" || o.Namespace != "default" || o.MaxBodyBytes != 1<<20 {
		t.Errorf("defaults: %+v", o.Options)
	}
	o, err = parse("--bind-address=127.0.0.1:1", "--namespace=jobs", "--max-body-bytes=5", "--request-timeout=1s",
		"--shutdown-timeout=2s", "--shutdown-delay=0s", "--zap-log-level=debug")
	if err != nil {
		t.Fatal(err)
	}
	if o.BindAddress != "127.0.0.1:1" || o.Namespace != "jobs" || o.MaxBodyBytes != 5 || o.RequestTimeout != time.Second ||
		o.ShutdownTimeout != 2*time.Second || o.ShutdownDelay != 0 {
		t.Errorf("got %+v", o.Options)
	}
}

func TestFlagsThatMakeNoSense(t *testing.T) {
	for args, says := range map[string]string{
		"--namespace=":          "--namespace is",
		"--namespace=A/b":       "--namespace is",
		"--max-body-bytes=0":    "--max-body-bytes is 0",
		"--request-timeout=0s":  "--request-timeout",
		"--shutdown-timeout=0s": "--shutdown-timeout",
		"--shutdown-delay=-1s":  "--shutdown-delay",
		"serve":                 `"serve" is not a flag`,
		"--nonsense":            "not defined",
	} {
		if _, err := parse(args); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error that says %q", args, err, says)
		}
	}
}
