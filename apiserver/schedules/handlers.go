// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package schedules

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// List answers with all schedules.
func (h *Handlers) List(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	schedules, err := h.Stores(in.Namespace).Schedules(r.Context())
	if err != nil {
		return err
	}
	answer := make([]Schedule, len(schedules))
	for i := range schedules {
		answer[i] = scheduleOf(&schedules[i])
	}
	if err := allow(in, r, answer); err != nil {
		return err
	}
	return web.Reply(w, answer)
}

// Get answers with one schedule.
func (h *Handlers) Get(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	name := web.PathValue(r, "name")
	found, err := h.Stores(in.Namespace).Schedule(r.Context(), name)
	if err != nil || found == nil {
		return web.NoSchedule(name, err)
	}
	answer := []Schedule{scheduleOf(found)}
	if err := allow(in, r, answer); err != nil {
		return err
	}
	return web.Reply(w, answer[0])
}

// allow adds what the caller may do with each schedule, if the request asks for it.
func allow(in *access.Scope, r *http.Request, schedules []Schedule) error {
	wanted, err := access.WantsMay(r)
	if err != nil || !wanted {
		return err
	}
	objects := make([][]access.Deed, len(schedules))
	for i := range schedules {
		s := &schedules[i]
		execute := access.Need{Right: access.RightTo("execute", "tasks", access.ByTask), Name: s.TaskName}
		objects[i] = []access.Deed{
			{Word: "run", Needs: []access.Need{execute}},
			{Word: "update", Needs: []access.Need{{Right: access.RightTo("update", "taskschedules", "name"), Name: s.Name}}},
			{Word: "delete", Needs: []access.Need{{Right: access.RightTo("delete", "taskschedules", "name"), Name: s.Name}}},
		}
	}
	words, err := in.Allowed(r.Context(), objects)
	if err != nil {
		return err
	}
	for i := range schedules {
		schedules[i].May = words[i]
	}
	return nil
}

// Create creates a schedule of an existing task.
func (h *Handlers) Create(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var request scheduleRequest
	if err := web.Decode(r, &request); err != nil {
		return err
	}
	f := &fields{}
	made := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Name: f.name(request.Name)}}
	var err error
	if made.Spec, err = h.wanted(r.Context(), in, f, &request, nil); err != nil {
		return err
	}
	schedule.Sign(made, in.User(), 1)
	if err := h.Stores(in.Namespace).CreateSchedule(r.Context(), made); apierrors.IsAlreadyExists(err) {
		return web.Problemf(http.StatusConflict, "the schedule %q exists; PUT %s changes it", made.Name, in.Path("triggers", "cron", made.Name))
	} else if err != nil {
		return err
	}
	w.Header().Set("Location", in.Path("triggers", "cron", made.Name))
	return web.ReplyWith(w, http.StatusCreated, scheduleOf(made))
}

// Replace replaces a schedule. With a generation in the body, it fails if the schedule has another generation.
func (h *Handlers) Replace(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var request scheduleRequest
	if err := web.Decode(r, &request); err != nil {
		return err
	}
	name := web.PathValue(r, "name")
	current, err := h.Stores(in.Namespace).Schedule(r.Context(), name)
	if err != nil || current == nil {
		return web.NoSchedule(name, err)
	}
	f := &fields{}
	if in := f.text("name", request.Name); web.Given(request.Name) && in != name {
		f.wrong("name", "must be %q, as in the path: a schedule cannot be renamed", name)
	}
	generation, seen := field[int64](f, "generation", request.Generation, "a whole number")
	if !seen {
		generation = current.Generation
	}
	spec, err := h.wanted(r.Context(), in, f, &request, &current.Spec)
	if err != nil {
		return err
	}
	changed, err := h.Stores(in.Namespace).ChangeSchedule(r.Context(), name, generation, in.User(), h.allowedChange(r.Context(), in, func(to *v1alpha1.TaskScheduleSpec) { *to = spec }))
	return replySchedule(w, r, changed, err)
}

// wanted parses and checks the body of a schedule. before is the spec that it replaces, nil for a new schedule. The
// right to run the task is checked first: a caller without it does not learn whether the task exists and which params
// it has.
func (h *Handlers) wanted(ctx context.Context, in *access.Scope, f *fields, request *scheduleRequest, before *v1alpha1.TaskScheduleSpec) (v1alpha1.TaskScheduleSpec, error) {
	spec := f.spec(request)
	if spec.TaskRef.Name == "" {
		return spec, f.problem()
	}
	if before != nil && !schedule.StartsRuns(before, &spec) {
		return spec, f.problem() // the task and the params are unchanged, or nothing will run
	}
	if err := in.RequireExecute(ctx, spec.TaskRef.Name); err != nil {
		return spec, err
	}
	task, err := h.Stores(in.Namespace).Task(ctx, spec.TaskRef.Name)
	if err != nil {
		return spec, err
	}
	if task == nil {
		f.wrong("taskName", "there is no task %q; GET /tasks lists all tasks", spec.TaskRef.Name)
		return spec, f.problem()
	}
	if err := jobspec.CheckTimeout(task, spec.Timeout); err != nil {
		f.wrong("timeout", "%v", err)
	}
	if err := jobspec.CheckQueue(task, spec.Labels); err != nil {
		f.wrong("labels"+params.Pointer(v1alpha1.LabelKueueQueue), "%v", err)
	}
	var sent []byte
	if spec.Params != nil {
		sent = spec.Params.Raw
	}
	received, err := h.Validator.Validate(ctx, task, sent)
	if received.Plain != nil {
		spec.Params.Raw = received.Plain
	}
	for _, name := range slices.Sorted(maps.Keys(received.Secret)) {
		f.wrong("params"+params.Pointer(name), "is sensitive, and a schedule would keep it readable")
	}
	var unfit params.FieldErrors
	switch {
	case errors.As(err, &unfit):
		for i := range unfit {
			f.problems = append(f.problems, web.FieldError{Pointer: "/params" + unfit[i].Pointer, Detail: unfit[i].Message, Of: &unfit[i]})
		}
	case err != nil && len(f.problems) == 0:
		return spec, err
	}
	return spec, f.problem()
}

// allowedChange wraps a change with a check of the caller's right. A change that starts runs needs the right to run the
// task. It checks the version that is written, which may be newer than the one that the handler read.
func (h *Handlers) allowedChange(ctx context.Context, in *access.Scope, change func(*v1alpha1.TaskScheduleSpec)) func(*v1alpha1.TaskScheduleSpec) error {
	return func(spec *v1alpha1.TaskScheduleSpec) error {
		before := spec.DeepCopy()
		change(spec)
		if !schedule.StartsRuns(before, spec) {
			return nil
		}
		return in.RequireExecute(ctx, spec.TaskRef.Name)
	}
}

// Toggle enables or disables a schedule as the body says, or toggles it.
func (h *Handlers) Toggle(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	var request toggleRequest
	if err := web.Decode(r, &request); err != nil {
		return err
	}
	f := &fields{}
	enabled, said := field[bool](f, "enabled", request.Enabled, "true or false")
	if err := f.problem(); err != nil {
		return err
	}
	name := web.PathValue(r, "name")
	current, err := h.Stores(in.Namespace).Schedule(r.Context(), name)
	if err != nil || current == nil {
		return web.NoSchedule(name, err)
	}
	if lost := current.Undecoded.InSpec(); len(lost) > 0 {
		return web.Problemf(http.StatusConflict, "the schedule %q starts no runs, and enabling or disabling it would lose a field that cannot be decoded: %s; "+
			"PUT %s replaces it", name, lost, in.Path("triggers", "cron", name))
	}
	generation := AnyGeneration // setting a value is right after any other change
	if !said {
		enabled, generation = current.Spec.Suspend, current.Generation
	}
	changed, err := h.Stores(in.Namespace).ChangeSchedule(r.Context(), name, generation, in.User(), h.allowedChange(r.Context(), in, func(spec *v1alpha1.TaskScheduleSpec) { spec.Suspend = !enabled }))
	return replySchedule(w, r, changed, err)
}

// Delete deletes a schedule. Its runs are kept.
func (h *Handlers) Delete(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	name := web.PathValue(r, "name")
	found, err := h.Stores(in.Namespace).DeleteSchedule(r.Context(), name)
	if err != nil || !found {
		return web.NoSchedule(name, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func replySchedule(w http.ResponseWriter, r *http.Request, found *v1alpha1.TaskSchedule, err error) error {
	if err != nil || found == nil {
		return web.NoSchedule(web.PathValue(r, "name"), err)
	}
	return web.Reply(w, scheduleOf(found))
}
