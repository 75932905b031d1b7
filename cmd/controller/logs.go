// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// logSizes are the flags whose values are Kubernetes quantities, such as 512Ki, 4Mi or 1Gi.
type logSizes struct {
	flush, spool, part, file resource.QuantityValue
}

func (o *options) logFlags(flags *flag.FlagSet) {
	flags.IntVar(&o.LogTurns.Total, "max-log-streams", o.LogTurns.Total, "Maximum number of container logs that are followed at once. Further ones take turns.")
	flags.IntVar(&o.LogTurns.PerNamespace, "max-log-streams-per-namespace", o.LogTurns.PerNamespace, "Maximum number of container logs of one namespace that are followed at once. 0 means four fifths of what the other namespaces leave free.")
	flags.DurationVar(&o.LogTurns.Turn, "log-turn", o.LogTurns.Turn, "How long a container log is followed while others wait.")
	flags.DurationVar(&o.LogFlush.Interval, "log-flush-interval", o.LogFlush.Interval, "Initial interval between two writes of the log of a running execution.")
	flags.DurationVar(&o.LogFlush.MaxInterval, "log-flush-max-interval", o.LogFlush.MaxInterval, "Maximum to which --log-flush-interval grows while an execution keeps printing.")
	o.sizes.flush.Quantity = *resource.NewQuantity(int64(o.LogFlush.BytesPerSecond), resource.BinarySI)
	flags.Var(&o.sizes.flush, "log-flush-bytes-per-second", "Limit in bytes per second for writing logs of all executions to the API server, except at a change of phase. Busy namespaces get equal shares.")
	flags.DurationVar(&o.LogPatience, "log-patience", o.LogPatience, "How long the controller waits for the log after the end of a run.")
	o.sizes.file.Quantity = *resource.NewQuantity(o.LogFileSize, resource.BinarySI)
	flags.Var(&o.sizes.file, "container-log-max-size", "The smallest containerLogMaxSize of all kubelets. The controller uses it to judge whether a rotation may have lost lines.")

	flags.StringVar(&o.Archive.URL, "archive-url", o.Archive.URL, "Archive of the whole raw logs: file:///folder, s3://bucket, gs://bucket or azblob://container. Empty means no archive.")
	flags.StringVar(&o.Archive.SpoolDir, "archive-spool-dir", o.Archive.SpoolDir, "Folder for what is not archived yet. No other program may use it.")
	o.sizes.spool.Quantity = *resource.NewQuantity(o.Archive.SpoolBytes, resource.BinarySI)
	flags.Var(&o.sizes.spool, "archive-spool-bytes", "Maximum size of what waits to be archived. One namespace gets at most four fifths of what the others leave free. Lines beyond it are not archived, and the log is marked as incomplete.")
	o.sizes.part.Quantity = *resource.NewQuantity(o.Archive.PartBytes, resource.BinarySI)
	flags.Var(&o.sizes.part, "archive-part-bytes", "Size at which a part of a log is archived.")
	flags.DurationVar(&o.Archive.PartAge, "archive-part-age", o.Archive.PartAge, "Age at which a part of a log is archived, whatever its size.")
	flags.DurationVar(&o.Archive.Deadline, "archive-deadline", o.Archive.Deadline, "How long the archive may take to store the log after the end of a run.")
	o.archiveFlags(flags)
}

func (o *options) validateLogs() error {
	const leastPart, leastFlush = 64 << 10, 1 << 10
	o.LogFlush.BytesPerSecond = int(o.sizes.flush.Value())
	o.LogFileSize = o.sizes.file.Value()
	o.Archive.SpoolBytes, o.Archive.PartBytes = o.sizes.spool.Value(), o.sizes.part.Value()
	switch {
	case o.LogTurns.Total < 1:
		return fmt.Errorf("--max-log-streams is %d, want at least 1", o.LogTurns.Total)
	case o.LogTurns.PerNamespace < 0:
		return fmt.Errorf("--max-log-streams-per-namespace is %d, want 0 or more", o.LogTurns.PerNamespace)
	case o.LogFlush.MaxInterval < o.LogFlush.Interval:
		return fmt.Errorf("--log-flush-max-interval is %s, want at least --log-flush-interval, %s", o.LogFlush.MaxInterval, o.LogFlush.Interval)
	case o.LogFlush.BytesPerSecond < leastFlush:
		return fmt.Errorf("--log-flush-bytes-per-second is %s, want at least 1Ki", o.sizes.flush.String())
	case o.LogFileSize < 1:
		return fmt.Errorf("--container-log-max-size is %s, want more than 0", o.sizes.file.String())
	case o.Archive.PartBytes < leastPart || o.Archive.PartBytes > o.Archive.SpoolBytes:
		return fmt.Errorf("--archive-part-bytes is %s, want from 64Ki to --archive-spool-bytes, %s", o.sizes.part.String(), o.sizes.spool.String())
	}
	for name, value := range map[string]time.Duration{
		"--log-turn": o.LogTurns.Turn, "--log-flush-interval": o.LogFlush.Interval, "--log-patience": o.LogPatience,
		"--archive-part-age": o.Archive.PartAge, "--archive-deadline": o.Archive.Deadline,
	} {
		if value <= 0 {
			return fmt.Errorf("%s is %s, want more than 0", name, value)
		}
	}
	return o.validateArchive()
}
