// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/bench/harness"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

// memory has the memory of a controller that knows many finished runs.
type memory struct {
	// synced is from the time after the start, when the controller has reconciled each run, steady from the time
	// after more runs. Both include the peak so far.
	synced, steady lab.Use
	heap           float64
	stored         float64
}

// steadyRuns is the number of runs that are created after that.
const steadyRuns = 300

// measureMemory measures in a lab with finished runs and without an earlier controller.
func (r *report) measureMemory(ctx context.Context, b *bench) (err error) {
	l := b.lab
	if err := b.fill(ctx); err != nil {
		return err
	}
	if err := l.StartController(ctx); err != nil {
		return err
	}
	if err := b.seen(ctx); err != nil {
		return err
	}
	m := &memory{}
	if m.synced, err = l.ControllerUse(); err != nil {
		return err
	}
	done, err := b.round(ctx, executions, "steady", steadyRuns, rate.Inf)
	if err != nil {
		return err
	}
	m.steady, m.heap, m.stored = done.after.controller, done.after.heap, done.after.etcdSize
	r.memory = m
	if r.profiles != "" {
		return l.Profile(ctx, "heap?gc=1", r.profiles+"/kept.prof")
	}
	return nil
}

// fill creates finished runs, as a controller leaves them after their Jobs are deleted.
func (b *bench) fill(ctx context.Context) error {
	if err := executions.prepare(ctx, b.lab.Kube, "kept"); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(creators)
	for i := range b.kept {
		work.Go(func() error {
			execution, ok := executions.run("kept", i).(*v1alpha1.TaskExecution)
			if !ok {
				return errors.New("a run of another kind")
			}
			if err := b.lab.Kube.Create(ctx, execution); err != nil {
				return fmt.Errorf("making finished run %d: %w", i, err)
			}
			b.finish(execution)
			if err := b.lab.Kube.Status().Update(ctx, execution); err != nil {
				return fmt.Errorf("finishing run %d: %w", i, err)
			}
			return nil
		})
	}
	return work.Wait()
}

// finish writes the status of a completed run.
func (b *bench) finish(e *v1alpha1.TaskExecution) {
	const entryBytes = 160
	end := metav1.NewTime(time.Now().Truncate(time.Second))
	s := &e.Status
	s.ObservedGeneration, s.Phase, s.Reason = e.Generation, v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted
	s.StartTime, s.CompletionTime, s.Duration, s.Attempts = &end, &end, "0s", 1
	s.Job = &v1alpha1.JobIdentity{Name: e.Name + "-0123456789", UID: e.UID}
	s.Task = &v1alpha1.TaskIdentity{UID: e.UID, Generation: 1}
	s.Pods = []v1alpha1.PodMirror{{Name: e.Name + "-0123456789-abcde", UID: e.UID, Phase: "Succeeded", Node: "node-0", StartTime: &end, FinishTime: &end}}
	for n := 0; n < b.keptLog; n += entryBytes {
		s.Logs = append(s.Logs, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(end.Time), Level: "info", Message: strings.Repeat("x", entryBytes-90)})
	}
	s.LogSummary = &v1alpha1.LogSummary{Entries: int64(len(s.Logs)), Bytes: int64(b.keptLog), Complete: true}
	for condition, reason := range map[string]string{
		v1alpha1.ConditionSucceeded: v1alpha1.ReasonCompleted, v1alpha1.ConditionLogsCaptured: "Complete",
	} {
		apimeta.SetStatusCondition(&s.Conditions, metav1.Condition{
			Type: condition, Status: metav1.ConditionTrue, Reason: reason, ObservedGeneration: e.Generation, LastTransitionTime: end,
		})
	}
}

// seen waits until the controller has reconciled each finished run and is idle.
func (b *bench) seen(ctx context.Context) error {
	deadline := time.NewTimer(roundPatience)
	defer deadline.Stop()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for calm := 0; calm < int(quiet/time.Second); {
		select {
		case <-ticker.C:
		case <-deadline.C:
			return fmt.Errorf("the controller did not look at all that is kept within %s", roundPatience)
		case <-ctx.Done():
			return ctx.Err()
		}
		metrics, err := b.lab.ControllerMetrics(ctx)
		if err != nil {
			return err
		}
		calm++
		if metrics.Sum("controller_runtime_reconcile_total", harness.Labels{"controller": "taskexecution"}) < float64(b.kept) ||
			metrics.Sum("workqueue_depth", nil) > 0 {
			calm = 0
		}
	}
	return nil
}
