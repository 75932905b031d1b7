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
		"--shutdown-timeout=2s", "--shutdown-delay=0s", "--zap-log-level=debug", "--archive-url=file:///logs", "--max-log-readers=7")
	if err != nil {
		t.Fatal(err)
	}
	if o.BindAddress != "127.0.0.1:1" || o.Namespace != "jobs" || o.MaxBodyBytes != 5 || o.RequestTimeout != time.Second ||
		o.ShutdownTimeout != 2*time.Second || o.ShutdownDelay != 0 || o.ArchiveURL != "file:///logs" || o.MaxLogReaders != 7 {
		t.Errorf("got %+v", o.Options)
	}
}

func TestSeveralNamespaces(t *testing.T) {
	o, err := parse("--namespace=a, b,a,c")
	if err != nil || o.Namespace != "a" || !slices.Equal(o.OtherNamespaces, []string{"b", "c"}) {
		t.Errorf("%q and %q, %v", o.Namespace, o.OtherNamespaces, err)
	}
	if _, err := parse("--namespace=a,b", "--all-namespaces"); err == nil || !strings.Contains(err.Error(), "want one name") {
		t.Errorf("named ones and all: %v", err)
	}
}

func TestAccessFlags(t *testing.T) {
	o, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if o.Auth != "kubernetes" || !slices.Equal(o.TokenAudiences, []string{"taskexec"}) || o.AllowUnauthenticated || o.MaxReads != 0 || o.MaxWrites <= 0 {
		t.Errorf("defaults: %+v", o.Options)
	}
	for _, args := range [][]string{
		{"--auth=none", "--bind-address=127.0.0.1:8080"},
		{"--auth=none", "--bind-address=[::1]:8080"},
		{"--auth=none", "--bind-address=localhost:8080"},
		{"--auth=none", "--bind-address=127.8.9.1:8080"},
		{"--auth=none", "--bind-address=:8080", "--insecure-allow-unauthenticated"},
	} {
		if _, err := parse(args...); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
	o, err = parse("--token-audience=a,b", "--max-requests-in-flight=7", "--max-reads-per-second=0.5", "--max-writes-per-second=0", "--max-failures-per-second=9", "--recheck-interval=3s")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(o.TokenAudiences, []string{"a", "b"}) || o.MaxInFlight != 7 || o.MaxReads != 0.5 || o.MaxWrites != 0 || o.MaxFailures != 9 || o.RecheckInterval != 3*time.Second {
		t.Errorf("got %+v", o.Options)
	}
	if o, err = parse("--token-audience="); err != nil || len(o.TokenAudiences) != 0 {
		t.Errorf("no audience: %v %v", o.TokenAudiences, err)
	}
}

// With --auth=none, the API is served on loopback only, unless --insecure-allow-unauthenticated is set.
func TestUnauthenticatedBeyondLoopback(t *testing.T) {
	for _, address := range []string{":8080", "0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080", "example.com:8080", "localhost.example.com:80", "127.0.0.1"} {
		if _, err := parse("--auth=none", "--bind-address="+address); err == nil || !strings.Contains(err.Error(), "--insecure-allow-unauthenticated") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestFlagsThatMakeNoSense(t *testing.T) {
	for args, says := range map[string]string{
		"--namespace=":               "--namespace is",
		"--namespace=A/b":            "--namespace is",
		"--namespace=a,":             "--namespace is",
		"--cluster-id=A_b":           "--cluster-id is",
		"--max-body-bytes=0":         "--max-body-bytes is 0",
		"--max-log-readers=0":        "--max-log-readers is 0",
		"--archive-cache-bytes=-1":   "--archive-cache-bytes is -1",
		"--archive-cache-bytes=much": "archive-cache-bytes",
		"--request-timeout=0s":       "--request-timeout",
		"--shutdown-timeout=0s":      "--shutdown-timeout",
		"--shutdown-delay=-1s":       "--shutdown-delay",
		"--auth=":                    `--auth is ""`,
		"--auth=basic":               "want kubernetes or none",
		"--max-requests-in-flight=0": "--max-requests-in-flight is 0",
		"--max-reads-per-second=-1":  "must be 0 or more",
		"--max-writes-per-second=-1": "must be 0 or more",
		"--recheck-interval=1ms":     "--recheck-interval",
		"--idempotency-secret=a":     "--idempotency-secret",
		"--idempotency-secret=/a":    "--idempotency-secret",
		"--idempotency-secret=a/b/c": "--idempotency-secret",
		"serve":                      `"serve" is not a flag`,
		"--nonsense":                 "not defined",
	} {
		if _, err := parse(args); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error that says %q", args, err, says)
		}
	}
}

func TestOIDCFlags(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := parse("--oidc-issuer=https://id.example.com", "--oidc-client-id=taskexec", "--oidc-client-secret-file="+secret, "--oidc-scopes=email,groups")
	if err != nil || o.OIDC.ClientSecret != "s3cret" || !slices.Equal(o.OIDC.Scopes, []string{"email", "groups"}) || o.OIDC.ClientID != "taskexec" {
		t.Errorf("%+v, %v", o.OIDC, err)
	}
	if o, err = parse("--oidc-issuer=http://127.0.0.1:5556", "--oidc-client-id=a"); err != nil || o.OIDC.ClientSecret != "" || len(o.OIDC.Scopes) != 2 {
		t.Errorf("%+v, %v", o.OIDC, err)
	}
	for says, args := range map[string][]string{
		"want a URL with https":     {"--oidc-issuer=http://id.example.com", "--oidc-client-id=a"},
		"--oidc-issuer is":          {"--oidc-issuer=id", "--oidc-client-id=a"},
		"--oidc-client-id is empty": {"--oidc-issuer=https://id.example.com"},
		"reading the client secret": {"--oidc-issuer=https://id.example.com", "--oidc-client-id=a", "--oidc-client-secret-file=" + secret + "-none"},
		"--auth=none":               {"--oidc-issuer=https://id.example.com", "--oidc-client-id=a", "--auth=none", "--bind-address=127.0.0.1:1"},
	} {
		if _, err := parse(args...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error that says %q", args, err, says)
		}
	}
}

func TestVersionFlag(t *testing.T) {
	if o, err := parse("--version"); err != nil || !o.version {
		t.Errorf("version %t, %v", o.version, err)
	}
}
