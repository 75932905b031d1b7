// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package recorder

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/taskexec/taskexec/controllers/records"
)

const (
	// claimRetry is how soon a claim that failed is tried again.
	claimRetry = 15 * time.Second
	// mergeEvery is how often days that are over are merged, and mergedDays how far back.
	mergeEvery = time.Hour
	mergedDays = 3 * 24 * time.Hour
	// lastFlush bounds the last write of the history when the controller stops.
	lastFlush = 20 * time.Second
)

// Upkeep does for the store what is done from time to time: it claims the identity, writes and merges the history, and removes
// what the retention does not keep.
type Upkeep struct{ *Reconciler }

// Start runs until ctx ends, and writes the history a last time then.
func (u *Upkeep) Start(ctx context.Context) error {
	u.claim(ctx)
	go wait.UntilWithContext(ctx, u.merge, mergeEvery)
	if u.options.Retention.Every > 0 {
		go wait.UntilWithContext(ctx, u.expire, u.options.Retention.Every)
	}
	go wait.UntilWithContext(ctx, u.flush, u.options.Flush)
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	u.flush(last)
	return nil
}

// claim claims the identity, and renews the claim in the background. A store that is away does not take an existing claim away.
func (u *Upkeep) claim(ctx context.Context) {
	if u.options.ClusterUID == "" { // two clusters with one identity would not be noticed
		u.claimed.Store(true)
		return
	}
	go func() {
		last := ""
		for ctx.Err() == nil {
			err := u.writer.Claim(ctx, u.options.ClusterUID)
			pause := records.OwnerRenew
			switch {
			case err == nil:
				u.claimed.Store(true)
				last = ""
			case errors.Is(err, records.ErrTaken):
				u.claimed.Store(false)
				pause = claimRetry
			default:
				pause = claimRetry
			}
			u.metrics.claimed(u.claimed.Load())
			if err != nil && err.Error() != last && ctx.Err() == nil {
				last = err.Error()
				ctrl.LoggerFrom(ctx).Error(err, "No records are written to the archive, and nothing is removed from it; runs and logs go on")
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}()
}

// flush writes the history.
func (u *Upkeep) flush(ctx context.Context) {
	if !u.claimed.Load() {
		return
	}
	if err := u.writer.Flush(ctx, u.ledger.indexed); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Writing the archive's history; it is tried again")
		u.metrics.flushes.WithLabelValues("failed").Inc()
		return
	}
	u.metrics.flushes.WithLabelValues("succeeded").Inc()
}

func (u *Upkeep) merge(ctx context.Context) {
	if !u.claimed.Load() {
		return
	}
	if err := u.writer.Compact(ctx, time.Now().Add(-mergedDays)); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Merging the archive's history; it is tried again in an hour")
	}
}
