// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package compare serves the Task as a run knew it, and what differs between two runs, live or archived.
package compare

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/records"
)

// Store reads Tasks.
type Store interface {
	web.TaskReader
}

// Handlers compares runs.
type Handlers struct {
	Stores func(namespace string) Store
	Runs   *runs.Handlers
	Logs   *logs.Handlers
	// Past has the archived runs, nil if there is no archive.
	Past *archivedruns.Archive
}

// RanTask is a Task as a run knew it.
type RanTask struct {
	// ExecutionID is the id of the run.
	ExecutionID string `json:"executionId"`
	// Name is the name of the Task.
	Name string `json:"name"`
	// UID is the UID of the Task.
	UID string `json:"uid,omitempty"`
	// Generation is the generation of the Task's spec.
	Generation int64 `json:"generation,omitempty"`
	// Hash is the SHA-256 of the spec. Two runs with the same hash ran the same definition.
	Hash string `json:"hash"`
	// Spec is the spec of the Task, absent if it is larger than 256 KiB.
	Spec json.RawMessage `json:"spec,omitempty"`
}

// toReadTasks is the right to read the definition of a Task.
var toReadTasks = access.RightTo("get", "tasks", access.ByTask)

// Task answers with the Task as a run knew it.
func (h *Handlers) Task(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	if err := (web.Parameters[struct{}]{}).Read(r, &struct{}{}); err != nil {
		return err
	}
	run, err := h.find(r.Context(), in.Namespace, web.PathValue(r, "executionId"))
	if err != nil {
		return err
	}
	if err := in.Guard.InTurn(r, func() error { return in.Require(r.Context(), toReadTasks, run.Spec.TaskRef.Name) }); err != nil {
		return err
	}
	task, err := h.taskOf(r.Context(), in.Namespace, run)
	if err != nil {
		return err
	}
	if task == nil {
		return web.Problemf(http.StatusNotFound, "the definition of the task %q that the execution %q ran is no longer known: the task was changed or deleted since, and the archive has no copy", run.Spec.TaskRef.Name, run.Name)
	}
	answer := RanTask{ExecutionID: run.Name, Name: task.Name, UID: string(task.UID), Generation: task.Generation, Hash: task.Hash}
	if task.Spec != nil {
		if answer.Spec, err = json.Marshal(task.Spec); err != nil {
			return err
		}
	}
	return web.Reply(w, answer)
}

// run is a run, with its record if Kubernetes no longer has it.
type run struct {
	*v1alpha1.TaskExecution
	record *records.Record
}

func (h *Handlers) find(ctx context.Context, namespace, id string) (run, error) {
	e, record, err := h.Runs.Find(ctx, namespace, id)
	return run{e, record}, err
}

// taskOf returns the Task as a run knew it: from its record, or the present Task if it has not changed since. It returns nil if neither
// is known.
func (h *Handlers) taskOf(ctx context.Context, namespace string, of run) (*records.TaskSnapshot, error) {
	record, away := of.record, error(nil)
	if record == nil && of.Status.Phase.IsTerminal() {
		record, away = h.Past.RecordOf(ctx, namespace, of.Name, of.UID)
	}
	if record != nil && record.Task != nil && record.Task.Hash != "" {
		return record.Task, nil
	}
	present, err := h.Stores(namespace).Task(ctx, of.Spec.TaskRef.Name)
	if err != nil {
		return nil, err
	}
	if ran := of.Status.Task; present != nil && ran != nil && present.UID == ran.UID && present.Generation == ran.Generation {
		return records.SnapshotOf(present)
	}
	return nil, away
}
