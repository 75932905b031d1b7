// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// change makes the changes that open pages see, evenly over the duration. Of four changes one creates a run, two go on with
// it, and one changes an old run.
func (f *filled) change(ctx context.Context) error {
	ticker := time.NewTicker(f.duration / time.Duration(f.changes))
	defer ticker.Stop()
	for i := range f.changes {
		select {
		case <-ctx.Done():
			return nil // the machine is too slow for more; the report says how many were made
		case <-ticker.C:
		}
		f.changed = i + 1
		if err := f.step(ctx, i); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

func (f *filled) step(ctx context.Context, i int) error {
	name := fmt.Sprintf("new-%06d", i/4)
	status := v1alpha1.TaskExecutionStatus{ObservedGeneration: 1, Phase: v1alpha1.PhaseRunning, StartTime: new(metav1.Now()), Attempts: 1}
	switch i % 4 {
	case 0:
		return f.create(ctx, name, taskOf(i/4), v1alpha1.TaskExecutionStatus{ObservedGeneration: 1, Phase: v1alpha1.PhasePending})
	case 1:
		return f.update(ctx, name, status)
	case 2:
		return f.update(ctx, name, f.ended(i/4))
	default:
		return f.update(ctx, nameOf(f.executions-1-i%100), f.ended(i))
	}
}

func (f *filled) update(ctx context.Context, name string, status v1alpha1.TaskExecutionStatus) error {
	e := &v1alpha1.TaskExecution{}
	if err := f.Kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, e); err != nil {
		return err
	}
	e.Status = status
	if err := f.Kube.Status().Update(ctx, e); err != nil {
		return fmt.Errorf("changing %s: %w", name, err)
	}
	return nil
}
