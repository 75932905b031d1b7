// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/records"
)

func withoutParameters(url string) string {
	address, _, _ := strings.Cut(url, "?")
	return address
}

func (o *options) verify() *cobra.Command {
	var state string
	var recordsOnly bool
	c := &cobra.Command{
		Use: "verify", Args: cobra.NoArgs,
		Short: "Check every record, segment and part of a log against what lists it",
		Long: "Read everything: each segment of the history, each record, and each part of each log, whose lines and bytes are counted and compared with the index. " +
			"Nothing is changed. Problems are printed on stdout, and the exit code is 1 then.",
		RunE: o.run(func(ctx context.Context, t *target, _ []string) error { return t.verifyAll(ctx, state, recordsOnly) }),
	}
	c.Flags().StringVar(&state, "state", "", "File that remembers how far the check came. After an interrupt, the same command goes on there.")
	c.Flags().BoolVar(&recordsOnly, "records-only", false, "Do not read the logs.")
	return c
}

// check is the state of verify.
type check struct {
	*target
	*checkpoint
	*progress
	recordsOnly             bool
	runs, unlisted, strange int
	segments                int
	logs                    archive.Verified
	problems                int
}

func (t *target) verifyAll(ctx context.Context, state string, recordsOnly bool) error {
	at, err := t.checkpointIn(state)
	if err != nil {
		return err
	}
	c := &check{target: t, checkpoint: at, progress: t.progressOf("verified"), recordsOnly: recordsOnly}
	namespaces, err := t.reader.RecordedNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, namespace := range t.chosen(namespaces) {
		if err := c.namespace(ctx, namespace); err != nil {
			return errors.Join(err, c.save())
		}
	}
	fmt.Fprintf(t.out, "%d runs, %d segments of the history, %d parts of logs with %d lines in %d bytes: %d problems\n", c.runs, c.segments, c.logs.Parts, c.logs.Lines, c.logs.Bytes, c.problems)
	if c.unlisted > 0 {
		fmt.Fprintf(t.out, "%d records are not in the history: taskexec-archive rebuild adds them\n", c.unlisted)
	}
	if c.strange > 0 {
		fmt.Fprintf(t.out, "%d logs have no record: their runs are active, were deleted while they ran, or are of an earlier version (taskexec-archive migrate)\n", c.strange)
	}
	if err := c.finish(); err != nil {
		return err
	}
	if c.problems+c.unlisted > 0 {
		return errProblems
	}
	return nil
}

func (c *check) problem(err error) {
	c.problems++
	fmt.Fprintln(c.out, err)
}

func (c *check) namespace(ctx context.Context, namespace string) error {
	listed, recorded := map[types.UID]bool{}, map[types.UID]bool{}
	segments, err := c.reader.History(ctx, namespace, func(uid types.UID) { listed[uid] = true })
	c.segments += segments
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.problem(err)
	}
	err = c.reader.Walk(ctx, namespace, c.At[namespace], func(key string, r *records.Record, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.runs++
		c.step(key)
		if err != nil {
			c.problem(err)
			return nil
		}
		recorded[r.Execution.UID] = true
		if !listed[r.Execution.UID] {
			c.unlisted++
			fmt.Fprintf(c.out, "the run %s/%s (%s) has a record and is not in the history\n", namespace, r.Execution.Name, r.Execution.UID)
		}
		if err := c.log(ctx, r); err != nil {
			return err
		}
		return c.done(namespace, key)
	})
	if err != nil {
		return err
	}
	if c.At[namespace] != "" && len(recorded) < c.runs {
		return nil // it went on after an interrupt, so not all records were seen
	}
	return c.target.logs.Walk(ctx, namespace, "", func(uid types.UID, _ *archive.Index, _ error) error {
		if !recorded[uid] {
			c.strange++
		}
		return ctx.Err()
	})
}

// log checks the log of a run.
func (c *check) log(ctx context.Context, r *records.Record) error {
	if c.recordsOnly {
		return nil
	}
	e := archive.Execution{Namespace: r.Execution.Namespace, Name: r.Execution.Name, UID: r.Execution.UID}
	ix, err := c.target.logs.Index(ctx, e)
	summary := r.Execution.Status.LogSummary
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.problem(err)
	case ix == nil && summary != nil && summary.Archived && summary.Entries > 0:
		c.problem(fmt.Errorf("the run %s/%s (%s) has %d archived lines according to its record, and no log in the archive", e.Namespace, e.Name, e.UID, summary.Entries))
	case ix != nil:
		v, err := c.target.logs.Verify(ctx, ix)
		c.logs.Parts, c.logs.Lines, c.logs.Bytes = c.logs.Parts+v.Parts, c.logs.Lines+v.Lines, c.logs.Bytes+v.Bytes
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.problem(err)
		}
	}
	return nil
}
