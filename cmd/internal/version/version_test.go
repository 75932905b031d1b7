// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package version

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// The flags of the Makefile set the variables of the program. The linker's -X ignores names that do not exist.
func TestMakeStampsTheVersion(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "make", "--no-print-directory", "-C", "../../..", "print-ldflags", "VERSION=v9.8.7").Output()
	if err != nil {
		t.Fatal(err)
	}
	flags := strings.TrimSpace(string(out))
	program := filepath.Join(t.TempDir(), "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", flags, "-o", program, "./testdata/program")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed, err := exec.CommandContext(t.Context(), program).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "program v9.8.7 (revision "
	if !strings.HasPrefix(string(printed), want) || !strings.Contains(string(printed), "program/v9.8.7 (") {
		t.Errorf("with -ldflags=%q it prints %q, want %q and the user agent", flags, printed, want)
	}
}

func TestMetric(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(Metric("taskexec_program"))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 1 || families[0].GetName() != "taskexec_program_build_info" {
		t.Fatalf("got %v", families)
	}
	for _, label := range families[0].GetMetric()[0].GetLabel() {
		if label.GetName() == "version" && label.GetValue() != Number() {
			t.Errorf("its version is %q, want %q", label.GetValue(), Number())
		}
	}
}
