// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// maxEventsOfOne bounds the Events that are read for one object. The API server returns the first by name and keeps
// them for an hour. A repeated Event is one object with a count.
const maxEventsOfOne = 100

// Job reads the Job live.
func (s *Store) Job(ctx context.Context, execution *v1alpha1.TaskExecution) (*batchv1.Job, error) {
	recorded := execution.Status.Job
	if recorded == nil {
		return nil, nil
	}
	job := &batchv1.Job{}
	err := s.live.Get(ctx, s.key(recorded.Name), job)
	if apierrors.IsNotFound(err) || err == nil && (!jobspec.IsJobOf(job, execution.UID) || recorded.UID != job.UID) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading job %s: %w", s.key(recorded.Name), err)
	}
	return job, nil
}

// Events reads the Events live.
func (s *Store) Events(ctx context.Context, object types.UID) ([]corev1.Event, error) {
	list := &corev1.EventList{}
	if err := s.live.List(ctx, list, client.InNamespace(s.namespace), client.Limit(maxEventsOfOne),
		client.MatchingFields{"involvedObject.uid": string(object)}); err != nil {
		return nil, fmt.Errorf("listing the events of %s: %w", object, err)
	}
	return list.Items, nil
}
