package main

import (
	"flag"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// logSizes are flags in Kubernetes' notation of quantities: 512Ki, 4Mi, 1Gi.
type logSizes struct {
	flush, spool, part, file resource.QuantityValue
}

func (o *options) logFlags(flags *flag.FlagSet) {
	flags.IntVar(&o.LogTurns.Total, "max-log-streams", o.LogTurns.Total, "How many container logs are followed at once. Beyond that they take turns.")
	flags.IntVar(&o.LogTurns.PerNamespace, "max-log-streams-per-namespace", o.LogTurns.PerNamespace, "How many container logs of one namespace are followed at once. 0 means four fifths of those that the other namespaces leave.")
	flags.DurationVar(&o.LogTurns.Turn, "log-turn", o.LogTurns.Turn, "How long a container log is followed while others wait for their turn.")
	flags.DurationVar(&o.LogFlush.Interval, "log-flush-interval", o.LogFlush.Interval, "The time between two writes of one execution's log while it runs, at first.")
	flags.DurationVar(&o.LogFlush.MaxInterval, "log-flush-max-interval", o.LogFlush.MaxInterval, "The time to which --log-flush-interval grows while an execution goes on printing.")
	o.sizes.flush.Quantity = *resource.NewQuantity(int64(o.LogFlush.BytesPerSecond), resource.BinarySI)
	flags.Var(&o.sizes.flush, "log-flush-bytes-per-second", "The budget of all executions for writes of logs to the API server, but for changes of phase. The namespaces that want more have equal parts of it.")
	flags.DurationVar(&o.LogPatience, "log-patience", o.LogPatience, "How long after the end of a run its log is still waited for.")
	o.sizes.file.Quantity = *resource.NewQuantity(o.LogFileSize, resource.BinarySI)
	flags.Var(&o.sizes.file, "container-log-max-size", "The containerLogMaxSize of the kubelets, the smallest of all nodes: when lines may be lost to a rotation is judged by it.")

	flags.StringVar(&o.Archive.URL, "archive-url", o.Archive.URL, "Where the whole raw logs are kept: file:///folder, s3://bucket, gs://bucket or azblob://container. Empty means nowhere.")
	flags.StringVar(&o.Archive.SpoolDir, "archive-spool-dir", o.Archive.SpoolDir, "A folder of this controller's own for what is not archived yet.")
	o.sizes.spool.Quantity = *resource.NewQuantity(o.Archive.SpoolBytes, resource.BinarySI)
	flags.Var(&o.sizes.spool, "archive-spool-bytes", "How much may wait to be archived, of which one namespace has at most four fifths of what the others leave. What is over it is lost to the archive, and said to be.")
	o.sizes.part.Quantity = *resource.NewQuantity(o.Archive.PartBytes, resource.BinarySI)
	flags.Var(&o.sizes.part, "archive-part-bytes", "The size at which a part of a log is archived.")
	flags.DurationVar(&o.Archive.PartAge, "archive-part-age", o.Archive.PartAge, "The age at which a part of a log is archived, whatever its size.")
	flags.DurationVar(&o.Archive.Deadline, "archive-deadline", o.Archive.Deadline, "How long after the end of a run its log may take to be archived.")
	flags.DurationVar(&o.Archive.Sweep, "archive-sweep-interval", o.Archive.Sweep, "How often archives of this cluster are removed whose execution was deleted. 0 means never. A bucket in which another cluster may keep archives is left alone.")
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
	case o.Archive.Sweep < 0:
		return fmt.Errorf("--archive-sweep-interval is %s, want 0 or more", o.Archive.Sweep)
	}
	for name, value := range map[string]time.Duration{
		"--log-turn": o.LogTurns.Turn, "--log-flush-interval": o.LogFlush.Interval, "--log-patience": o.LogPatience,
		"--archive-part-age": o.Archive.PartAge, "--archive-deadline": o.Archive.Deadline,
	} {
		if value <= 0 {
			return fmt.Errorf("%s is %s, want more than 0", name, value)
		}
	}
	return nil
}
