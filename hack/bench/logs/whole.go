// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
)

// count reads each run's complete log. It counts the logs that have each line once and in order. wrong says what is
// wrong with one of the others.
func (c *cluster) count(ctx context.Context, s *seen) (whole int, wrong string) {
	for name := range s.byName {
		log, err := c.wholeLog(ctx, name)
		if err != nil {
			wrong = err.Error()
			continue
		}
		if fault := c.faultOf(string(log)); fault != "" {
			wrong = name + ": " + fault
			continue
		}
		whole++
	}
	return whole, wrong
}

// faultOf says what is wrong with a log, or returns "".
func (o *options) faultOf(log string) string {
	next := 0
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, lateLine) {
			continue
		}
		if n, ok := numberOf(line); !ok || n != next {
			return fmt.Sprintf("where line %d should be it has %.40q", next, line)
		}
		next++
	}
	if next != o.lines() {
		return fmt.Sprintf("it has %d lines of %d", next, o.lines())
	}
	return ""
}
