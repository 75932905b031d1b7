package apiserver

import (
	"context"
	"net/http"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// taskReader reads one Task.
type taskReader interface {
	// Task returns a Task, or nil if there is none of that name.
	Task(ctx context.Context, name string) (*v1alpha1.Task, error)
}

// tasksStore reads the Tasks of one namespace.
type tasksStore interface {
	taskReader
	// Tasks returns all Tasks, ordered by name.
	Tasks(ctx context.Context) ([]v1alpha1.Task, error)
}

// tasksRoom answers what tasks there are.
type tasksRoom struct {
	stores func(namespace string) tasksStore
}

func taskNamed(ctx context.Context, store taskReader, name string) (*v1alpha1.Task, error) {
	task, err := store.Task(ctx, name)
	if err != nil {
		return nil, err
	}
	if task == nil {
		return nil, noTask(name)
	}
	return task, nil
}

func (h *tasksRoom) listTasks(in *scope, w http.ResponseWriter, r *http.Request) error {
	tasks, err := h.stores(in.namespace).Tasks(r.Context())
	if err != nil {
		return err
	}
	parts := make([]string, 0, 2*len(tasks))
	for i := range tasks {
		parts = append(parts, tasks[i].Name, tasks[i].ResourceVersion)
	}
	if unchanged(w, r, tagOfParts(parts...)) {
		return nil
	}
	answer := make([]wireTask, len(tasks))
	for i := range tasks {
		answer[i] = taskOf(&tasks[i])
	}
	return reply(w, answer)
}

func (h *tasksRoom) getTask(in *scope, w http.ResponseWriter, r *http.Request) error {
	task, err := taskNamed(r.Context(), h.stores(in.namespace), pathValue(r, "taskName"))
	if err != nil {
		return err
	}
	if unchanged(w, r, tagOf(task.ResourceVersion)) {
		return nil
	}
	return reply(w, taskOf(task))
}
