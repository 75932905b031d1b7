// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package tasks

import (
	"context"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// Store reads the Tasks of one namespace.
type Store interface {
	web.TaskReader
	// Tasks returns all Tasks, ordered by name.
	Tasks(ctx context.Context) ([]v1alpha1.Task, error)
}

// Handlers serves Tasks.
type Handlers struct {
	Stores func(namespace string) Store
}

// List answers with all Tasks.
func (h *Handlers) List(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	tasks, err := h.Stores(in.Namespace).Tasks(r.Context())
	if err != nil {
		return err
	}
	parts := make([]string, 0, 2*len(tasks))
	for i := range tasks {
		parts = append(parts, tasks[i].Name, tasks[i].ResourceVersion)
	}
	if web.Unchanged(w, r, web.TagOfParts(parts...)) {
		return nil
	}
	answer := make([]wire.Task, len(tasks))
	for i := range tasks {
		answer[i] = wire.TaskOf(&tasks[i])
	}
	return web.Reply(w, answer)
}

// Get answers with one Task.
func (h *Handlers) Get(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	task, err := web.TaskNamed(r.Context(), h.Stores(in.Namespace), web.PathValue(r, "taskName"))
	if err != nil {
		return err
	}
	if web.Unchanged(w, r, web.TagOf(task.ResourceVersion)) {
		return nil
	}
	return web.Reply(w, wire.TaskOf(task))
}
