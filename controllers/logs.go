// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/logs/turns"
	"github.com/taskexec/taskexec/controllers/recorder"
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
	// Flush is the time between two writes of the archive's history.
	Flush time.Duration
	// Forget means that a run that somebody deletes is removed from the archive too.
	Forget bool
	// Retention says what the archive keeps.
	Retention recorder.Retention
}

func defaultArchive() ArchiveOptions {
	return ArchiveOptions{
		SpoolDir:   filepath.Join(os.TempDir(), "taskexec-spool"),
		SpoolBytes: 1 << 30,
		PartBytes:  4 << 20,
		PartAge:    15 * time.Second,
		Deadline:   30 * time.Minute,
		Flush:      time.Minute,
		Retention:  recorder.Retention{AtLeast: 24 * time.Hour, PerHour: 10_000},
	}
}

// setupLogs creates the follower and the archive of logs, which the manager starts and stops.
func setupLogs(mgr ctrl.Manager, o Options, archived *archived) (*follow.Follower, error) {
	options := follow.Options{
		Source:          o.LogSource,
		Turns:           turns.New(o.LogTurns, clock.RealClock{}),
		Flush:           o.LogFlush,
		Patience:        o.LogPatience,
		FileSize:        o.LogFileSize,
		ArchiveDeadline: o.Archive.Deadline,
		Reconnect:       follow.DefaultReconnect(),
		Notify:          archived.wake,
		Clock:           clock.RealClock{},
		Log:             mgr.GetLogger().WithName("follow"),
		Registry:        o.Registry,
		Archive:         archived.logs,
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
