// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Command testcount prints how many tests ran in all tiers of one call of hack/test.sh:
//
//	N passed, N failed, N skipped
//
// It reads the output of `go test -json`. A subtest counts as a test. A package that failed without a failed test
// counts as one failed test, for example if it does not compile. testcount fails only if no test ran, because `go test`
// reports failures itself.
//
// Usage: testcount DIRECTORY-OF-JSON-FILES
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("want one argument, a directory, got %d", len(args))
	}
	files, err := filepath.Glob(filepath.Join(args[0], "*.json"))
	if err != nil {
		return err
	}
	var total counts
	for _, file := range files {
		c, err := countFile(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		total.add(c)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped)
	if total.passed+total.failed == 0 {
		return errors.New("no test ran")
	}
	return nil
}

type counts struct{ passed, failed, skipped int }

func (c *counts) add(d counts) {
	c.passed += d.passed
	c.failed += d.failed
	c.skipped += d.skipped
}

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
}

func countFile(path string) (counts, error) {
	file, err := os.Open(path)
	if err != nil {
		return counts{}, err
	}
	defer file.Close()
	return count(file)
}

// count counts the results in one stream of events. A test that was running when its process died has no result. The
// failure of its package counts instead.
func count(events io.Reader) (counts, error) {
	var c counts
	blamed := map[string]bool{} // packages with a failed test
	for decoder := json.NewDecoder(events); ; {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, fmt.Errorf("reading events: %w", err)
		}
		switch {
		case e.Action == "fail" && e.Test != "":
			blamed[e.Package] = true
			c.failed++
		case e.Action == "fail" && !blamed[e.Package]:
			c.failed++
		case e.Test == "": // a package that passed or has no tests
		case e.Action == "pass":
			c.passed++
		case e.Action == "skip":
			c.skipped++
		}
	}
}
