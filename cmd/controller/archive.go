// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/taskexec/taskexec/controllers/records"
)

// leastAge is the shortest time for which the archive can be told to keep runs.
const leastAge = time.Hour

func (o *options) archiveFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.ClusterID, "cluster-id", o.ClusterID, "What identifies this cluster in the archive and on new executions, so that a copy of one in another cluster does not run. Empty means the UID of the namespace kube-system. A cluster that is built anew shows the history of the old one if it gets the old one's identity. Set the facade's flag to the same value.")
	flags.DurationVar(&o.Archive.Flush, "archive-history-interval", o.Archive.Flush, "Time between two writes of the archive's history, the index of all recorded runs.")
	flags.BoolVar(&o.Archive.Forget, "archive-forget", o.Archive.Forget, "Remove a run from the archive too when somebody deletes it. Without this flag, its record and log are kept.")
	flags.DurationVar(&o.Archive.Retention.Every, "archive-sweep-interval", o.Archive.Retention.Every, "How often the archive's retention is applied. 0 means never: everything is kept.")
	flags.Func("archive-max-age", "How long the archive keeps a run after its end, such as 2160h, or of one namespace: team-a=720h. May be repeated.", o.limitFlag(func(l *records.Limits, value string) error {
		age, err := time.ParseDuration(value)
		if err != nil || age < leastAge {
			return fmt.Errorf("want a duration of at least %s, such as 2160h", leastAge)
		}
		l.MaxAge = age
		return nil
	}))
	flags.Func("archive-max-bytes", "How many bytes of logs the archive keeps of each namespace, such as 100Gi, or of one namespace: team-a=1Ti. The newest runs are kept. May be repeated.", o.limitFlag(func(l *records.Limits, value string) error {
		size, err := resource.ParseQuantity(value)
		if err != nil || size.Value() < 1<<20 {
			return fmt.Errorf("want a size of at least 1Mi, such as 100Gi")
		}
		l.MaxBytes = size.Value()
		return nil
	}))
	flags.DurationVar(&o.Archive.Retention.AtLeast, "archive-min-age", o.Archive.Retention.AtLeast, "How long the archive keeps a run after its end, whatever --archive-max-bytes says.")
	flags.IntVar(&o.Archive.Retention.PerHour, "archive-max-removals-per-hour", o.Archive.Retention.PerHour, "Maximum number of runs that the archive's retention removes in an hour.")
	flags.BoolVar(&o.Archive.Retention.DryRun, "archive-sweep-dry-run", o.Archive.Retention.DryRun, "Only log and count (taskexec_archive_expired_runs) what the archive's retention would remove.")
}

// limitFlag returns the parser of a limit for all namespaces, or for one: namespace=value.
func (o *options) limitFlag(set func(*records.Limits, string) error) func(string) error {
	return func(text string) error {
		namespace, value, one := strings.Cut(text, "=")
		if !one {
			return set(&o.Archive.Retention.Default, text)
		}
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			return fmt.Errorf("%q is not the name of a namespace", namespace)
		}
		if o.Archive.Retention.Namespaces == nil {
			o.Archive.Retention.Namespaces = map[string]records.Limits{}
		}
		limits := o.Archive.Retention.Namespaces[namespace]
		if err := set(&limits, value); err != nil {
			return err
		}
		o.Archive.Retention.Namespaces[namespace] = limits
		return nil
	}
}

func (o *options) validateArchive() error {
	r := &o.Archive.Retention
	switch {
	case o.ClusterID != "" && records.Cluster(o.ClusterID).Validate() != nil:
		return fmt.Errorf("--cluster-id: %w", records.Cluster(o.ClusterID).Validate())
	case o.Archive.Flush < time.Second:
		return fmt.Errorf("--archive-history-interval is %s, want at least 1s", o.Archive.Flush)
	case r.Every < 0:
		return fmt.Errorf("--archive-sweep-interval is %s, want 0 or more", r.Every)
	case r.AtLeast < 0:
		return fmt.Errorf("--archive-min-age is %s, want 0 or more", r.AtLeast)
	case r.PerHour < 1:
		return fmt.Errorf("--archive-max-removals-per-hour is %d, want at least 1", r.PerHour)
	case r.Every == 0 && (r.Default != records.Limits{} || len(r.Namespaces) > 0):
		return fmt.Errorf("--archive-max-age and --archive-max-bytes have no effect without --archive-sweep-interval: set it, for example to 1h")
	}
	return nil
}
