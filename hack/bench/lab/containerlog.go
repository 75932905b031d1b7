// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Log is what each container prints.
type Log struct {
	// Lines is the number of lines. Each has LineBytes bytes, including the newline.
	Lines, LineBytes int
	// Every is the time between two lines. If it is zero, all lines are printed at once.
	Every time.Duration
}

// print writes the lines printed so far. With follow, it also writes new lines until the container ends.
func (k *Kubelet) print(ctx context.Context, w http.ResponseWriter, c *container, since time.Time, follow bool, cut <-chan struct{}) error {
	w.Header().Set("Content-Type", "text/plain")
	controller := http.NewResponseController(w)
	next := 0
	for {
		ended := closed(c.done)
		var page strings.Builder
		for ; next < k.log.Lines && (ended || !k.at(c, next).After(time.Now())); next++ {
			at := k.at(c, next)
			if ended && at.After(c.finished.Add(time.Second)) {
				next = k.log.Lines
				break // the container ended before it could print this line
			}
			if !at.Before(since) {
				fmt.Fprintf(&page, "%s %s\n", at.UTC().Format(time.RFC3339Nano), k.line(next))
			}
		}
		if _, err := w.Write([]byte(page.String())); err != nil {
			return err
		}
		if err := controller.Flush(); err != nil || ended || !follow {
			return err
		}
		var due <-chan time.Time
		if next < k.log.Lines {
			due = time.After(time.Until(k.at(c, next)))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-cut:
			return errCut
		case <-c.done:
		case <-due:
		}
	}
}

// at returns when a container printed a line. The runtime uses this time as the line's time stamp.
func (k *Kubelet) at(c *container, line int) time.Time {
	return c.started.Add(time.Duration(line) * max(k.log.Every, time.Microsecond))
}

func (k *Kubelet) line(number int) string {
	text := fmt.Sprintf("line %07d ", number)
	return text + strings.Repeat("x", max(0, k.log.LineBytes-len(text)-1))
}
