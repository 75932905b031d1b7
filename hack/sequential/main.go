// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command sequential prints the packages of a module whose tests are not concurrent. In them, the race detector finds
// nothing and only makes the tests several times slower.
//
// A package counts as sequential if none of these files starts a goroutine or imports a package that does: its tests, and
// the packages of this project that the tests use. The decision is based on the text of the files. When in doubt, a
// package is not sequential.
//
// Usage: sequential [-not] MODULE-FOLDER
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const project = "github.com/taskexec/taskexec"

// concurrent matches files that start a goroutine or import a package that does.
var concurrent = regexp.MustCompile(`(?m)^\s*(defer )?go (func\b|[\w.]+\()|\.Go\(|AfterFunc|\.Parallel\(|\.RunParallel\(` +
	`|"(net|net/http\S*|os/exec|os/signal|testing/synctest|golang\.org/x/sync\S*|gocloud\.dev\S*|sigs\.k8s\.io/controller-runtime` +
	`|sigs\.k8s\.io/controller-runtime/pkg/(cache|controller|envtest|manager|metrics)\S*|k8s\.io/client-go/(informers|kubernetes|rest|tools)\S*)"`)

func main() {
	not := flag.Bool("not", false, "Print the other packages that have tests.")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	list := exec.Command("go", "list", "-deps", "-test", "-json=ImportPath,Dir,GoFiles,CgoFiles,Deps", "./...")
	list.Dir, list.Stderr = flag.Arg(0), os.Stderr
	out, err := list.Output()
	if err == nil {
		err = run(bytes.NewReader(out), *not, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sequential:", err)
		os.Exit(1)
	}
}

// listed is a package in the output of `go list`. The tests of p are the package p.test. "q [p.test]" is q as
// compiled for these tests.
type listed struct {
	ImportPath, Dir         string
	GoFiles, CgoFiles, Deps []string
}

func run(list io.Reader, not bool, out io.Writer) error {
	ours := map[string]bool{} // import path → whether something in the package is concurrent
	var tests []listed
	for decoder := json.NewDecoder(list); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading what go list prints: %w", err)
		}
		if !strings.HasPrefix(p.ImportPath, project) {
			continue
		}
		if strings.HasSuffix(p.ImportPath, ".test") {
			tests = append(tests, p)
			continue
		}
		found, err := isConcurrent(p)
		if err != nil {
			return err
		}
		ours[p.ImportPath] = found
	}
	for _, test := range tests {
		if slices.ContainsFunc(test.Deps, func(dep string) bool { return ours[dep] }) == not {
			fmt.Fprintln(out, strings.TrimSuffix(test.ImportPath, ".test"))
		}
	}
	return nil
}

func isConcurrent(p listed) (bool, error) {
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		raw, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil || concurrent.Match(raw) {
			return true, err
		}
	}
	return false, nil
}
