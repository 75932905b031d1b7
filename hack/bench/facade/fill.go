// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/bench/lab"
)

// namespace is the namespace of the executions. Every cluster has it.
const namespace = "default"

// filled is an API server with the executions. Only the facade and the bench send it requests for them.
type filled struct {
	*options
	*lab.Lab
}

func nameOf(i int) string { return fmt.Sprintf("run-%05d", i) }

// fill creates the executions, a few at once.
func (l *filled) fill(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range l.executions {
		group.Go(func() error {
			e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: nameOf(i)}}
			e.Spec.TaskRef.Name = fmt.Sprintf("task-%d", i%5)
			e.Spec.Trigger.Source = v1alpha1.TriggerAPI
			if err := l.Kube.Create(ctx, e); err != nil {
				return fmt.Errorf("creating %s: %w", e.Name, err)
			}
			e.Status = l.finished(i)
			if err := l.Kube.Status().Update(ctx, e); err != nil {
				return fmt.Errorf("ending %s: %w", e.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// finished returns the status of a finished run.
func (l *filled) finished(i int) v1alpha1.TaskExecutionStatus {
	now := metav1.Now()
	begun := metav1.NewTime(now.Add(-time.Minute))
	s := v1alpha1.TaskExecutionStatus{
		ObservedGeneration: 1, Phase: v1alpha1.PhaseCompleted, StartTime: &begun, CompletionTime: &now, Duration: "1m0s", Attempts: 1,
		LogSummary: &v1alpha1.LogSummary{Entries: 100, Bytes: 16 << 10, Complete: true},
	}
	if i%100 == 0 {
		s.Phase = v1alpha1.PhaseFailed
	}
	lines := 2
	if i%l.tailEvery == 0 {
		lines = 100
	}
	for range lines {
		s.Logs = append(s.Logs, v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(now.Time), Level: v1alpha1.LogInfo, Message: strings.Repeat("x", 164)})
	}
	return s
}
