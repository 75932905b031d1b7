// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func (f *fakeStore) Job(ctx context.Context, e *v1alpha1.TaskExecution) (*batchv1.Job, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure("job", e.Name); err != nil {
		return nil, err
	}
	return f.jobs[e.Name], ctx.Err()
}

func (f *fakeStore) Events(ctx context.Context, object types.UID) (out []corev1.Event, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.InvolvedObject.UID == object {
			out = append(out, e)
		}
	}
	if err := f.failure("events", string(object)); err != nil {
		return nil, err
	}
	return out, ctx.Err()
}
