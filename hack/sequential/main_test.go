// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConcurrent(t *testing.T) {
	for text, want := range map[string]bool{
		"	go func() {}()":                              true,
		"	go s.run(ctx)":                               true,
		"	wg.Go(work)":                                 true,
		"	t.Parallel()":                                true,
		`import "net/http/httptest"`:                   true,
		`	"k8s.io/client-go/kubernetes/fake"`:          true,
		`	ctrl "sigs.k8s.io/controller-runtime"`:       true,
		"// they go on, and go (back) to the start":    false,
		`	"sigs.k8s.io/controller-runtime/pkg/client"`: false,
		`	"k8s.io/client-go/util/retry"`:               false,
		"	for range 3 { gone(x) }":                     false,
		`	corev1 "k8s.io/api/core/v1"`:                 false,
	} {
		if got := concurrent.MatchString(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// The tests count, and all packages of this project that they use.
func TestPackagesOfTests(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"calm.go": "package p", "busy.go": "package p\nfunc f() {\n\tgo f()\n}"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const p = project + "/"
	list := strings.ReplaceAll(`
{"ImportPath": "fmt", "Dir": "/nowhere", "GoFiles": ["busy.go"]}
{"ImportPath": "`+p+`busy", "Dir": "DIR", "GoFiles": ["calm.go", "busy.go"]}
{"ImportPath": "`+p+`calm", "Dir": "DIR", "GoFiles": ["calm.go"]}
{"ImportPath": "`+p+`calm [`+p+`calm.test]", "Dir": "DIR", "GoFiles": ["calm.go"]}
{"ImportPath": "`+p+`calm.test", "Deps": ["fmt", "`+p+`calm [`+p+`calm.test]"]}
{"ImportPath": "`+p+`user [`+p+`user.test]", "Dir": "DIR", "GoFiles": ["calm.go"]}
{"ImportPath": "`+p+`user.test", "Deps": ["`+p+`busy", "`+p+`user [`+p+`user.test]"]}
`, "DIR", folder)
	for not, want := range map[bool]string{false: p + "calm\n", true: p + "user\n"} {
		var out strings.Builder
		if err := run(strings.NewReader(list), not, &out); err != nil || out.String() != want {
			t.Errorf("not=%t: %q, %v, want %q", not, out.String(), err, want)
		}
	}
}
