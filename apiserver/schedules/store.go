// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"context"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Store reads and changes the schedules of one namespace, and reads the Tasks that they run and their runs.
type Store interface {
	web.TaskReader
	// Executions returns the executions of a task, newest first.
	Executions(ctx context.Context, taskName string) ([]*v1alpha1.TaskExecution, error)
	// Schedule returns a schedule, or nil if there is none of that name.
	Schedule(ctx context.Context, name string) (*v1alpha1.TaskSchedule, error)
	// Schedules returns all schedules, ordered by name.
	Schedules(ctx context.Context) ([]v1alpha1.TaskSchedule, error)
	// CreateSchedule records a new schedule. The error is AlreadyExists if there is one of that name.
	CreateSchedule(ctx context.Context, s *v1alpha1.TaskSchedule) error
	// ChangeSchedule changes a schedule's spec, records by as its author (empty if unknown), and returns the schedule
	// after the change, or nil if there is none of that name. The error is Conflict if its generation is not the given
	// one, unless that is zero. If change returns an error, ChangeSchedule returns it and writes nothing. It calls
	// change again for each version that it reads, so that change has checked what is written.
	ChangeSchedule(ctx context.Context, name string, generation int64, by string, change func(*v1alpha1.TaskScheduleSpec) error) (*v1alpha1.TaskSchedule, error)
	// DeleteSchedule removes a schedule, and reports whether there was one.
	DeleteSchedule(ctx context.Context, name string) (found bool, err error)
}

// AnyGeneration is for changes that are right after any other change of the schedule.
const AnyGeneration int64 = 0

// Handlers reads and changes schedules.
type Handlers struct {
	Stores func(namespace string) Store
	// Validator validates params.
	Validator *submit.ParamsValidator
	// Past has the archived runs, nil if there is no archive.
	Past *archivedruns.Archive
}
