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
	may, err := mayOf(in, r, tasks)
	if err != nil {
		return err
	}
	parts := make([]string, 0, 2*len(tasks))
	for i := range tasks {
		parts = append(append(parts, tasks[i].Name, tasks[i].ResourceVersion), may[i]...)
	}
	if web.Unchanged(w, r, web.TagOfParts(parts...)) {
		return nil
	}
	answer := make([]wire.Task, len(tasks))
	for i := range tasks {
		answer[i] = wire.TaskOf(&tasks[i])
		answer[i].May = may[i]
	}
	return web.Reply(w, answer)
}

// Get answers with one Task.
func (h *Handlers) Get(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	task, err := web.TaskNamed(r.Context(), h.Stores(in.Namespace), web.PathValue(r, "taskName"))
	if err != nil {
		return err
	}
	may, err := mayOf(in, r, []v1alpha1.Task{*task})
	if err != nil {
		return err
	}
	tag := web.TagOf(task.ResourceVersion)
	if may[0] != nil {
		tag = web.TagOfParts(append([]string{task.ResourceVersion}, may[0]...)...)
	}
	if web.Unchanged(w, r, tag) {
		return nil
	}
	answer := wire.TaskOf(task)
	answer.May = may[0]
	return web.Reply(w, answer)
}

// mayOf returns what the caller may do with each task, nil for each if the request does not ask for it.
func mayOf(in *access.Scope, r *http.Request, tasks []v1alpha1.Task) ([][]string, error) {
	wanted, err := access.WantsMay(r)
	if err != nil || !wanted {
		return make([][]string, len(tasks)), err
	}
	objects := make([][]access.Deed, len(tasks))
	for i := range tasks {
		name := tasks[i].Name
		execute := access.Need{Right: access.RightTo("execute", "tasks", access.ByTask), Name: name}
		objects[i] = []access.Deed{
			{Word: "execute", Needs: []access.Need{execute}},
			{Word: "cancel", Needs: []access.Need{{Right: access.RightTo("cancel", "taskexecutions", access.ByTask), Task: name}}},
			{Word: "schedule", Needs: []access.Need{execute, {Right: access.RightTo("create", "taskschedules", "")}}},
		}
	}
	return in.Allowed(r.Context(), objects)
}
