// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/records"
)

// flushedAt is how many runs are added to the history at once.
const flushedAt = 10_000

func (o *options) rebuild() *cobra.Command {
	return &cobra.Command{
		Use: "rebuild", Args: cobra.NoArgs, Short: "Add the records that are not in the history to it",
		Long: "Read all records, and add those to the history that are not in it: after segments were lost or damaged. It may be stopped at any time, and run again. " +
			"The controller may go on meanwhile.",
		RunE: o.run(func(ctx context.Context, t *target, _ []string) error { return t.rebuildHistory(ctx) }),
	}
}

func (t *target) rebuildHistory(ctx context.Context) error {
	namespaces, err := t.reader.RecordedNamespaces(ctx)
	if err != nil {
		return err
	}
	added, p := 0, t.progressOf("read")
	var unreadable []error
	for _, namespace := range t.chosen(namespaces) {
		listed := map[types.UID]bool{}
		_, err := t.reader.History(ctx, namespace, func(uid types.UID) { listed[uid] = true })
		if err != nil {
			fmt.Fprintln(t.out, err) // the runs of a damaged segment are added again
		}
		err = t.reader.Walk(ctx, namespace, "", func(key string, r *records.Record, err error) error {
			p.step(key)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				unreadable = append(unreadable, err)
				return nil
			case listed[r.Execution.UID]:
				return nil
			}
			added++
			if err := t.writer.AddToHistory(r); err != nil {
				return err
			}
			return t.flushSome(ctx, flushedAt)
		})
		if err := errors.Join(err, t.flushSome(context.WithoutCancel(ctx), 1)); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.out, "read %d records, added %d to the history\n", p.n, added)
	for _, err := range unreadable {
		fmt.Fprintln(t.out, err)
	}
	if len(unreadable) > 0 {
		return errProblems
	}
	return nil
}

// flushSome writes the history if that many runs wait.
func (t *target) flushSome(ctx context.Context, n int) error {
	if t.writer.Pending() < n {
		return nil
	}
	return t.writer.Flush(ctx, nil)
}

func (o *options) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Args: cobra.NoArgs, Short: "Record the runs of which an earlier version archived only the log",
		Long: "Write a record for each log that has none and is complete, so that the log is found by the id of its run, and the archive's retention knows it. Only the name, the time and the log of such a run are known: " +
			"it is shown as failed, with the reason OutcomeUnknown. Logs of another cluster are left alone. It may be stopped at any time, and run again.",
		RunE: o.run(func(ctx context.Context, t *target, _ []string) error { return t.migrateLogs(ctx) }),
	}
}

func (t *target) migrateLogs(ctx context.Context) error {
	namespaces, err := t.logs.Namespaces(ctx)
	if err != nil {
		return err
	}
	migrated, others, p := 0, 0, t.progressOf("looked at")
	for _, namespace := range t.chosen(namespaces) {
		err := t.logs.Walk(ctx, namespace, "", func(uid types.UID, ix *archive.Index, err error) error {
			p.step(namespace + "/" + string(uid))
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				fmt.Fprintln(t.out, err)
				return nil
			case ix.Cluster != "" && ix.Cluster != t.cluster, !ix.Ended, ix.Name == "", ix.UID != uid:
				others++
				return nil
			}
			recorded, err := t.reader.GetByUID(ctx, namespace, ix.Name, uid)
			if err != nil || recorded != nil {
				return err
			}
			began, ended := timesOf(ix)
			if err := t.writer.Put(ctx, records.Unrecorded(namespace, ix.Name, uid, began, ended), nil); err != nil {
				return err
			}
			migrated++
			return t.flushSome(ctx, flushedAt)
		})
		if err := errors.Join(err, t.flushSome(context.WithoutCancel(ctx), 1)); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.out, "looked at %d logs: recorded %d, left %d that are not complete or of another cluster\n", p.n, migrated, others)
	return nil
}

// timesOf returns when the first container began and the last line was printed.
func timesOf(ix *archive.Index) (began, ended time.Time) {
	for i := range ix.Streams {
		s := &ix.Streams[i]
		if began.IsZero() || s.StartedAt.Before(began) {
			began = s.StartedAt
		}
		for _, at := range []time.Time{s.StartedAt, s.Newest()} {
			if at.After(ended) {
				ended = at
			}
		}
	}
	return began, ended
}
