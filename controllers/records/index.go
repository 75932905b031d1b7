// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"context"
	"time"

	"github.com/taskexec/taskexec/controllers/bucket"
)

// Index writes the history of runs of one namespace from their records, which exist already. It replaces no segment: runs that are in the
// history already are in it twice until segments are merged, which readers see once.
func Index(ctx context.Context, b bucket.Bucket, cluster Cluster, namespace string, of []*Record) error {
	rows := make([]row, len(of))
	for i, record := range of {
		var err error
		if rows[i], err = rowOf(record); err != nil {
			return err
		}
	}
	_, err := store{b, cluster}.writeSegments(ctx, namespace, tidy(rows, time.Time{}))
	return err
}
