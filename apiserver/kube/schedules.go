// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// Schedule returns a schedule, or nil if there is none of that name.
func (s *Store) Schedule(ctx context.Context, name string) (*v1alpha1.TaskSchedule, error) {
	found := &v1alpha1.TaskSchedule{}
	ok, err := s.get(ctx, name, found)
	if !ok || err != nil {
		return nil, err
	}
	return found, nil
}

// Schedules returns all schedules, ordered by name.
func (s *Store) Schedules(ctx context.Context) ([]v1alpha1.TaskSchedule, error) {
	list := &v1alpha1.TaskScheduleList{}
	if err := s.client.List(ctx, list, client.InNamespace(s.namespace)); err != nil {
		return nil, fmt.Errorf("listing schedules: %w", err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.TaskSchedule) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// CreateSchedule records a new schedule. The error is AlreadyExists if there is one of that name.
func (s *Store) CreateSchedule(ctx context.Context, made *v1alpha1.TaskSchedule) error {
	made.Namespace = s.namespace
	if err := s.client.Create(ctx, made); err != nil {
		return fmt.Errorf("creating schedule %s: %w", made.Name, err)
	}
	return nil
}

// ChangeSchedule retries if the controller has written the status, which changes the resourceVersion and not the
// generation. That is not a conflict.
func (s *Store) ChangeSchedule(ctx context.Context, name string, generation int64, by string, change func(*v1alpha1.TaskScheduleSpec) error) (changed *v1alpha1.TaskSchedule, err error) {
	current, err := s.Schedule(ctx, name)
	if err != nil || current == nil {
		return nil, err
	}
	stale, lost := false, false
	err = retry.OnError(cancelRetry, apierrors.IsConflict, func() error {
		if stale {
			current = &v1alpha1.TaskSchedule{}
			if err := s.live.Get(ctx, s.key(name), current); err != nil {
				return err
			}
		}
		if generation != 0 && current.Generation != generation {
			if lost = stale; lost {
				return nil
			}
			stale = true // the cache may be behind
			return ConflictOf(name)
		}
		stale, changed = true, current.DeepCopy()
		if err := change(&changed.Spec); err != nil {
			return err
		}
		if equality.Semantic.DeepEqual(changed.Spec, current.Spec) {
			return nil
		}
		schedule.Sign(changed, by, current.Generation+1)
		return s.client.Update(ctx, changed) // the resourceVersion ensures that the signed generation is the stored one
	})
	switch {
	case lost:
		return nil, ConflictOf(name)
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("changing schedule %s: %w", name, err)
	}
	return changed, nil
}

// ConflictOf returns the Conflict of a schedule whose generation is not the expected one.
func ConflictOf(name string) error {
	return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("taskschedules").GroupResource(), name,
		errors.New("its generation has changed"))
}

// DeleteSchedule removes a schedule, and reports whether there was one.
func (s *Store) DeleteSchedule(ctx context.Context, name string) (found bool, err error) {
	if !canExist(name) {
		return false, nil
	}
	gone := &v1alpha1.TaskSchedule{}
	gone.Namespace, gone.Name = s.namespace, name
	err = s.client.Delete(ctx, gone)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("deleting schedule %s: %w", name, err)
	}
	return true, nil
}
