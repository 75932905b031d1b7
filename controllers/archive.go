// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/recorder"
	"github.com/taskexec/taskexec/controllers/records"
)

// archived is what the controllers share of the archive. Without an archive, it only has wake.
type archived struct {
	wake func(types.NamespacedName)
	// logs writes logs, nil if there is no archive.
	logs *archive.Writer
	// records writes records, nil if there is no archive or the cluster has no identity. ledger is nil then too.
	records *records.Writer
	ledger  *recorder.Ledger
	uid     string
	// past has the records for package pastruns, nil as records.
	past pastruns.Archive
}

// openArchive opens the archive, if there is one, and keeps checking its store.
func openArchive(mgr ctrl.Manager, o Options, wake func(types.NamespacedName)) (*archived, error) {
	a := &archived{wake: wake}
	if o.Archive.URL == "" {
		return a, nil
	}
	opened, err := bucket.Open(context.Background(), o.Archive.URL)
	if err != nil {
		return nil, err
	}
	a.uid = o.clusterUID
	identity := records.Cluster(o.ClusterID)
	log := mgr.GetLogger().WithName("archive")
	a.logs, err = archive.NewWriter(archive.WriterOptions{
		Bucket:     opened,
		Cluster:    string(identity),
		SpoolDir:   o.Archive.SpoolDir,
		SpoolBytes: o.Archive.SpoolBytes,
		PartBytes:  o.Archive.PartBytes,
		PartAge:    o.Archive.PartAge,
		Notify:     wake,
		Log:        log,
		Registry:   o.Registry,
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		a.logs.KeepChecking(ctx)
		return nil
	})); err != nil {
		return nil, fmt.Errorf("adding the check of the archive's store: %w", err)
	}
	if identity == "" {
		return a, nil
	}
	if err := identity.Validate(); err != nil {
		return nil, err
	}
	a.past = pastRuns{records.NewReader(bucket.New(opened, log), identity, 0)}
	a.records = records.NewWriter(records.WriterOptions{Bucket: bucket.New(opened, log), Cluster: identity, Log: log})
	a.ledger = recorder.NewLedger(clock.RealClock{}, o.Archive.Deadline)
	return a, nil
}

// setupRecorder adds the controller that records ended runs.
func setupRecorder(mgr ctrl.Manager, o Options, a *archived) error {
	if a.records == nil {
		return nil
	}
	r := recorder.New(mgr.GetClient(), mgr.GetAPIReader(), a.records, a.ledger, a.logs.Reader(), recorder.Options{
		ClusterUID: a.uid, Flush: o.Archive.Flush, Forget: o.Archive.Forget, Retention: o.Archive.Retention, Registry: o.Registry,
	})
	if err := r.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the controller that records runs: %w", err)
	}
	return nil
}
