// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"gocloud.dev/blob"

	"github.com/taskexec/taskexec/cmd/internal/version"
	"github.com/taskexec/taskexec/controllers/bucket"
	_ "github.com/taskexec/taskexec/controllers/bucket/cloud" // registers the cloud stores
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/records"
)

// errProblems means that the archive was checked and has problems, which were printed.
var errProblems = errors.New("the archive has problems")

// exitCode is 1 for an archive with problems, and 2 if it could not be checked.
func exitCode(err error) int {
	if errors.Is(err, errProblems) {
		return 1
	}
	return 2
}

// options are the flags of all subcommands.
type options struct {
	url, cluster string
	namespaces   []string
	quiet        bool
}

// target is an opened archive.
type target struct {
	options
	out, progress io.Writer
	bucket        *blob.Bucket
	logs          *archive.Reader
	reader        *records.Reader
	writer        *records.Writer
}

func newCommand() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "taskexec-archive",
		Short:         "Look after an archive of Taskexec",
		Version:       version.Text("taskexec-archive"),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVar(&o.url, "archive-url", "", "The archive, as given to the controller: file:///folder, s3://bucket, gs://bucket or azblob://container.")
	flags.StringVar(&o.cluster, "cluster-id", "", "The identity of the cluster: the UID of its namespace kube-system, or the controller's --cluster-id. May be left out if the archive is of one cluster.")
	flags.StringSliceVarP(&o.namespaces, "namespace", "n", nil, "Namespaces to work on, separated by commas. All by default.")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "Do not show progress.")
	root.AddCommand(o.verify(), o.list(), o.export(), o.rebuild(), o.migrate(), o.forget())
	return root
}

// run opens the archive for a subcommand.
func (o *options) run(do func(context.Context, *target, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if o.url == "" {
			return errors.New("--archive-url is missing: give the URL that the controller has")
		}
		opened, err := bucket.Open(c.Context(), o.url)
		if err != nil {
			return err
		}
		defer opened.Close()
		t := &target{options: *o, out: c.OutOrStdout(), progress: c.ErrOrStderr(), bucket: opened, logs: archive.NewReader(opened)}
		if o.quiet {
			t.progress = io.Discard
		}
		if err := t.chooseCluster(c.Context()); err != nil {
			return err
		}
		const cacheBytes = 64 << 20
		in := bucket.New(opened, logr.Discard())
		t.reader = records.NewReader(in, records.Cluster(t.cluster), cacheBytes)
		t.writer = records.NewWriter(records.WriterOptions{Bucket: in, Cluster: records.Cluster(t.cluster), Log: logr.Discard()})
		return do(c.Context(), t, args)
	}
}

// chooseCluster takes the only cluster of the archive, unless one was given.
func (t *target) chooseCluster(ctx context.Context) error {
	if t.cluster != "" {
		return records.Cluster(t.cluster).Validate()
	}
	clusters, err := records.Clusters(ctx, bucket.New(t.bucket, logr.Discard()))
	switch {
	case err != nil:
		return err
	case len(clusters) == 1:
		t.cluster = string(clusters[0])
		return nil
	case len(clusters) == 0:
		return errors.New("the archive has no records of any cluster: give --cluster-id (for logs of earlier versions: the UID of the namespace kube-system)")
	default:
		return fmt.Errorf("the archive has records of several clusters: choose one with --cluster-id: %s", joined(clusters))
	}
}

func joined(clusters []records.Cluster) string {
	var names []string
	for _, c := range clusters {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// chosen returns those of the namespaces that were asked for.
func (t *target) chosen(all []string) []string {
	if len(t.namespaces) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(n string) bool { return !slices.Contains(t.namespaces, n) })
}
