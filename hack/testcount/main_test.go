// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	tests := map[string]struct {
		events string
		want   counts
	}{
		"nothing": {},
		"a subtest is a test, a package is none": {
			events: `{"Action":"pass","Package":"p","Test":"TestA/one"}
				{"Action":"pass","Package":"p","Test":"TestA"}
				{"Action":"pass","Package":"p"}`,
			want: counts{passed: 2},
		},
		"a failed test is blamed once": {
			events: `{"Action":"fail","Package":"p","Test":"TestA"}
				{"Action":"fail","Package":"p"}`,
			want: counts{failed: 1},
		},
		"a package that does not compile": {
			events: `{"Action":"build-fail","ImportPath":"p"}
				{"Action":"fail","Package":"p"}
				{"Action":"pass","Package":"q","Test":"TestB"}`,
			want: counts{passed: 1, failed: 1},
		},
		"skipped tests, and a package without tests": {
			events: `{"Action":"skip","Package":"p","Test":"TestA"}
				{"Action":"skip","Package":"q"}`,
			want: counts{skipped: 1},
		},
		"what a test prints is not counted": {
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"{\"Action\":\"pass\"}\n"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := count(strings.NewReader(test.events))
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestRun(t *testing.T) {
	tests := map[string]struct {
		files    map[string]string
		wantLine string
		wantErr  string
	}{
		"two tiers add up": {
			files: map[string]string{
				"unit.json": `{"Action":"pass","Package":"p","Test":"TestA"}`,
				"e2e.json":  `{"Action":"skip","Package":"p","Test":"TestA"}`,
			},
			wantLine: "1 passed, 0 failed, 1 skipped\n",
		},
		"a failure is counted": {
			files:    map[string]string{"unit.json": `{"Action":"fail","Package":"p","Test":"TestA"}`},
			wantLine: "0 passed, 1 failed, 0 skipped\n",
		},
		"no test is no success": {
			wantLine: "0 passed, 0 failed, 0 skipped\n",
			wantErr:  "no test ran",
		},
		"a broken file": {
			files:   map[string]string{"unit.json": `{"Action":`},
			wantErr: "unexpected EOF",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range test.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			err := run([]string{dir}, &out)
			if got := out.String(); got != test.wantLine {
				t.Errorf("printed %q, want %q", got, test.wantLine)
			}
			switch {
			case test.wantErr == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("got error %v, want one with %q", err, test.wantErr)
			}
		})
	}
}
