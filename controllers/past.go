// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/records"
)

// pastRuns are the records of the archive, as package pastruns asks for them.
type pastRuns struct{ records *records.Reader }

// Ended implements pastruns.Archive. It takes one request to the store, and one for each record.
func (p pastRuns) Ended(ctx context.Context, name types.NamespacedName) (past []lifecycle.PastRun, err error) {
	found, err := p.records.All(ctx, name.Namespace, name.Name)
	for _, record := range found {
		past = append(past, lifecycle.PastRunOf(record.Execution))
	}
	return past, err
}

// setupPastRuns makes the memory of deleted executions, which also asks the archive. It watches from the start, also in
// a replica that does not lead yet, so that a new leader knows what was deleted before.
func setupPastRuns(mgr ctrl.Manager, o Options, archived *archived) (*pastruns.Runs, error) {
	if o.PastRuns == nil {
		o.PastRuns = archived.past
	}
	runs := pastruns.New(pastruns.Options{
		Archive: o.PastRuns, Clusters: o.clusters, Clock: clock.RealClock{}, Log: mgr.GetLogger().WithName("pastruns"),
	})
	informer, err := mgr.GetCache().GetInformer(context.Background(), &v1alpha1.TaskExecution{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watching executions: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		UpdateFunc: func(before, after any) {
			old, isOld := before.(*v1alpha1.TaskExecution)
			current, isCurrent := after.(*v1alpha1.TaskExecution)
			if isOld && isCurrent && old.UID != current.UID {
				runs.Deleted(old)
			}
		},
		DeleteFunc: func(deleted any) {
			if missed, is := deleted.(toolscache.DeletedFinalStateUnknown); is {
				deleted = missed.Obj
			}
			if execution, is := deleted.(*v1alpha1.TaskExecution); is {
				runs.Deleted(execution)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watching executions that are deleted: %w", err)
	}
	return runs, nil
}
