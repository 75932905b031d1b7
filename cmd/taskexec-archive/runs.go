// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/records"
)

func (o *options) list() *cobra.Command {
	var task string
	var limit int
	c := &cobra.Command{
		Use: "list", Args: cobra.NoArgs, Short: "List archived runs, newest first",
		RunE: o.run(func(ctx context.Context, t *target, _ []string) error { return t.listRuns(ctx, task, limit) }),
	}
	const most = 100
	c.Flags().StringVar(&task, "task", "", "Only runs of this task.")
	c.Flags().IntVar(&limit, "limit", most, "The most runs of each namespace.")
	return c
}

func (t *target) listRuns(ctx context.Context, task string, limit int) error {
	if limit < 1 {
		return fmt.Errorf("--limit is %d, want at least 1", limit)
	}
	namespaces, err := t.writer.Namespaces(ctx)
	if err != nil {
		return err
	}
	const gap = 2
	w := tabwriter.NewWriter(t.out, 0, 0, gap, ' ', 0)
	fmt.Fprintln(w, "NAMESPACE\tRUN\tTASK\tSTATUS\tREASON\tCREATED\tDURATION")
	for _, namespace := range t.chosen(namespaces) {
		left := limit
		q := records.Query{Keep: func(k *records.Key) bool { return task == "" || k.Task == task }}
		for left > 0 {
			q.Limit = left
			page, err := t.reader.Page(ctx, namespace, q)
			if err != nil {
				return err
			}
			for _, e := range page.Executions {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", namespace, e.Name, e.Spec.TaskRef.Name, e.Status.Phase, e.Status.Reason, e.CreationTimestamp.UTC().Format(time.RFC3339), e.Status.Duration)
			}
			left -= len(page.Executions)
			if q.After = page.Next; page.Next == nil {
				break
			}
		}
	}
	return w.Flush()
}

func (o *options) export() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use: "export RUN", Args: cobra.ExactArgs(1), Short: "Write the record and the logs of one run into a folder",
		Long: "Write record.json, and for each container run a file with the whole log as it was printed, each line with its time.",
		RunE: o.run(func(ctx context.Context, t *target, args []string) error { return t.exportRun(ctx, args[0], to) }),
	}
	c.Flags().StringVarP(&to, "output", "o", "", "The folder. It is created, and must be empty. The name of the run by default.")
	return c
}

// find returns the record of a run of that name, in one of the chosen namespaces.
func (t *target) find(ctx context.Context, name string) (*records.Record, error) {
	namespaces, err := t.reader.RecordedNamespaces(ctx)
	if err != nil {
		return nil, err
	}
	var found *records.Record
	for _, namespace := range t.chosen(namespaces) {
		r, err := t.reader.Get(ctx, namespace, name)
		switch {
		case err != nil:
			return nil, err
		case r != nil && found != nil:
			return nil, fmt.Errorf("the namespaces %s and %s both have a run %s: choose one with --namespace", found.Execution.Namespace, namespace, name)
		case r != nil:
			found = r
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the archive has no record of a run %s for the cluster %s", name, t.cluster)
	}
	return found, nil
}

func (t *target) exportRun(ctx context.Context, name, to string) error {
	r, err := t.find(ctx, name)
	if err != nil {
		return err
	}
	if to == "" {
		to = name
	}
	const folder, private = 0o755, 0o600
	if err := os.MkdirAll(to, folder); err != nil {
		return err
	}
	if there, err := os.ReadDir(to); err != nil || len(there) > 0 {
		return errors.Join(fmt.Errorf("the folder %s is not empty: choose another with --output", to), err)
	}
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(to, "record.json"), append(raw, '\n'), private); err != nil {
		return err
	}
	ix, err := t.logs.Index(ctx, archive.Execution{Namespace: r.Execution.Namespace, Name: name, UID: r.Execution.UID})
	if err != nil {
		return err
	}
	if ix == nil {
		fmt.Fprintf(t.out, "%s: the record; the archive has no log of it\n", to)
		return nil
	}
	var lines int64
	for i := range ix.Streams {
		s := &ix.Streams[i]
		file := filepath.Join(to, s.Pod+"."+s.Container+"."+strconv.Itoa(int(s.Restart))+".log")
		if err := copyLog(t.logs.Open(ctx, ix, i, 0), file); err != nil {
			return fmt.Errorf("exporting the log of container %s of pod %s: %w", s.Container, s.Pod, err)
		}
		lines += s.Lines()
	}
	fmt.Fprintf(t.out, "%s: the record, and %d lines of %d containers\n", to, lines, len(ix.Streams))
	return nil
}

func copyLog(from io.ReadCloser, to string) (err error) {
	defer func() { err = errors.Join(err, from.Close()) }()
	file, err := os.Create(to) //nolint:gosec // who calls the command chose the folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = io.Copy(file, from)
	return err
}

func (o *options) forget() *cobra.Command {
	return &cobra.Command{
		Use: "forget RUN", Args: cobra.ExactArgs(1), Short: "Remove the record and the log of one run, for good",
		RunE: o.run(func(ctx context.Context, t *target, args []string) error {
			r, err := t.find(ctx, args[0])
			if err != nil {
				return err
			}
			e := r.Execution
			if err := t.logs.Delete(ctx, archive.Execution{Namespace: e.Namespace, Name: e.Name, UID: e.UID}); err != nil {
				return err
			}
			if err := t.writer.Forget(ctx, e.Namespace, e.Name, e.UID, e.CreationTimestamp.Time); err != nil {
				return err
			}
			if err := t.writer.Flush(ctx, nil); err != nil {
				return err
			}
			fmt.Fprintf(t.out, "forgot %s/%s (%s)\n", e.Namespace, e.Name, e.UID)
			return nil
		}),
	}
}
