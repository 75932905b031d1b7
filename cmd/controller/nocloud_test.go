// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !cloud

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// becomes is an environment variable. If it is set, the test program calls handOver with its value.
const becomes = "TASKEXEC_TEST_HAND_OVER"

func TestMain(m *testing.M) {
	if url := os.Getenv(becomes); url != "" {
		os.Stdout.WriteString("stayed: ")
		if err := handOver(url); err != nil {
			os.Stdout.WriteString(err.Error())
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestHandOver(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	beside := func() {
		if err := os.WriteFile(self+"-cloud", []byte("#!/bin/sh\necho \"became $*\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(self + "-cloud") })
	}
	for _, c := range []struct{ name, url, says string }{
		{"no archive", "", ""},
		{"a folder", "file:///logs", ""},
		{"a cloud, and no program for it", "s3://logs", "an archive at s3:// needs the program " + self + "-cloud"},
		{"a cloud", "gs://logs", "became --archive-url=x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasPrefix(c.says, "became") {
				beside()
			}
			if c.url == "" {
				if err := handOver(""); err != nil {
					t.Fatal(err)
				}
				return
			}
			run := exec.Command(self, "--archive-url=x")
			run.Env = append(os.Environ(), becomes+"="+c.url)
			out, err := run.CombinedOutput()
			want := "stayed: " + c.says
			if strings.HasPrefix(c.says, "became") {
				want += "\n"
			}
			if got := string(out); err != nil || !strings.HasPrefix(got, want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}

func TestOpenWithoutTheClient(t *testing.T) {
	if _, err := bucket.Open(t.Context(), "s3://logs"); err == nil || !strings.Contains(err.Error(), "built without the client for an archive at s3://") {
		t.Errorf("got %v", err)
	}
}
