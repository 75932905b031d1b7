// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command sequential prints the packages of a module whose tests run no two things at the same time. The race detector can find
// nothing in them, and makes them take several times as long.
//
// A package counts as sequential if no file of its tests, or of a package of this project that they use, starts a goroutine or imports
// what does. The judgement is made by the text of the files, and errs towards the race detector.
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

// concurrent matches files that start a goroutine or import what does.
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

// listed is a package as `go list` prints it. The tests of p are the package p.test; "q [p.test]" is q as those tests see it.
type listed struct {
	ImportPath, Dir         string
	GoFiles, CgoFiles, Deps []string
}

func run(list io.Reader, not bool, out io.Writer) error {
	ours := map[string]bool{} // import path → something is concurrent in it
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
