// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/logs/turns"
)

// ArchiveOptions configure the archive of raw logs.
type ArchiveOptions struct {
	// URL is that of the bucket: file:///folder, s3://, gs:// or azblob://. Empty means that nothing is archived.
	URL string
	// SpoolDir holds what is not archived yet, at most SpoolBytes. No other process may use it.
	SpoolDir   string
	SpoolBytes int64
	// A part of a log is archived when it has PartBytes or is PartAge old.
	PartBytes int64
	PartAge   time.Duration
	// Deadline is how long after the end of a run its log may take to be archived.
	Deadline time.Duration
	// Sweep is how often the archives of this cluster's deleted executions are removed. Zero means never.
	Sweep time.Duration
}

func defaultArchive() ArchiveOptions {
	return ArchiveOptions{
		SpoolDir:   filepath.Join(os.TempDir(), "taskexec-spool"),
		SpoolBytes: 1 << 30,
		PartBytes:  4 << 20,
		PartAge:    15 * time.Second,
		Deadline:   30 * time.Minute,
	}
}

// setupLogs creates the follower and the archive of logs, which the manager starts and stops.
func setupLogs(mgr ctrl.Manager, o Options, wake func(types.NamespacedName)) (*follow.Follower, error) {
	options := follow.Options{
		Source:          o.LogSource,
		Turns:           turns.New(o.LogTurns, clock.RealClock{}),
		Flush:           o.LogFlush,
		Patience:        o.LogPatience,
		FileSize:        o.LogFileSize,
		ArchiveDeadline: o.Archive.Deadline,
		Reconnect:       follow.DefaultReconnect(),
		Notify:          wake,
		Clock:           clock.RealClock{},
		Log:             mgr.GetLogger().WithName("follow"),
		Registry:        o.Registry,
	}
	if o.Archive.URL != "" {
		var err error
		if options.Archive, err = newArchive(mgr, o, wake); err != nil {
			return nil, err
		}
	}
	follower := follow.New(options)
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		return runLogs(ctx, follower, options.Archive)
	})); err != nil {
		return nil, fmt.Errorf("adding the log follower: %w", err)
	}
	return follower, nil
}

// runLogs runs the follower and the archive until ctx ends. The follower stops first. Then the archive uploads what the
// follower has read.
func runLogs(ctx context.Context, follower *follow.Follower, writer *archive.Writer) error {
	archiving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	archived := make(chan error, 1)
	go func() {
		if writer == nil {
			<-archiving.Done()
			archived <- nil
			return
		}
		archived <- writer.Run(archiving)
	}()
	<-ctx.Done()
	follower.Stop()
	stop()
	return <-archived
}

func newArchive(mgr ctrl.Manager, o Options, wake func(types.NamespacedName)) (*archive.Writer, error) {
	bucket, err := bucket.Open(context.Background(), o.Archive.URL)
	if err != nil {
		return nil, err
	}
	cluster, err := clusterIdentity(context.Background(), mgr.GetAPIReader())
	if err != nil {
		return nil, err
	}
	writer, err := archive.NewWriter(archive.WriterOptions{
		Bucket:     bucket,
		Cluster:    cluster,
		SpoolDir:   o.Archive.SpoolDir,
		SpoolBytes: o.Archive.SpoolBytes,
		PartBytes:  o.Archive.PartBytes,
		PartAge:    o.Archive.PartAge,
		Notify:     wake,
		Log:        mgr.GetLogger().WithName("archive"),
		Registry:   o.Registry,
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		writer.KeepChecking(ctx)
		return nil
	})); err != nil {
		return nil, fmt.Errorf("adding the check of the archive's store: %w", err)
	}
	if o.Archive.Sweep == 0 {
		return writer, nil
	}
	return writer, mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		wait.UntilWithContext(ctx, func(ctx context.Context) {
			sweep(ctx, mgr.GetAPIReader(), writer.Reader(), cluster, o.Archive.Sweep)
		}, o.Archive.Sweep)
		return nil
	}))
}
