package apiserver

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
	"github.com/taskexec/taskexec/controllers/schedule"
)

func (s *namespaced) listSchedules(w http.ResponseWriter, r *http.Request) error {
	schedules, err := s.store.Schedules(r.Context())
	if err != nil {
		return err
	}
	answer := make([]wireSchedule, len(schedules))
	for i := range schedules {
		answer[i] = scheduleOf(&schedules[i])
	}
	return reply(w, answer)
}

func (s *namespaced) getSchedule(w http.ResponseWriter, r *http.Request) error {
	found, err := s.store.Schedule(r.Context(), pathValue(r, "name"))
	return replySchedule(w, r, found, err)
}

// createSchedule makes a schedule of a task that exists.
func (s *namespaced) createSchedule(w http.ResponseWriter, r *http.Request) error {
	var request scheduleRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	f := &fields{}
	made := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Name: f.name(request.Name)}}
	var err error
	if made.Spec, err = s.wanted(r.Context(), f, &request, nil); err != nil {
		return err
	}
	schedule.Sign(made, s.caller(), 1)
	if err := s.store.CreateSchedule(r.Context(), made); apierrors.IsAlreadyExists(err) {
		return problemf(http.StatusConflict, "there is a schedule %q already; PUT %s changes it", made.Name, s.schedulePath(made.Name))
	} else if err != nil {
		return err
	}
	w.Header().Set("Location", s.schedulePath(made.Name))
	return replyWith(w, http.StatusCreated, scheduleOf(made))
}

// schedulePath is where a schedule is read and changed.
func (s *namespaced) schedulePath(name string) string {
	return s.prefix + "/triggers/cron/" + url.PathEscape(name)
}

// replaceSchedule puts all of a schedule anew. With generation in the body it changes only what its client saw.
func (s *namespaced) replaceSchedule(w http.ResponseWriter, r *http.Request) error {
	var request scheduleRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	name := pathValue(r, "name")
	current, err := s.store.Schedule(r.Context(), name)
	if err != nil || current == nil {
		return noSchedule(name, err)
	}
	f := &fields{}
	if in := f.text("name", request.Name); given(request.Name) && in != name {
		f.wrong("name", "must be %q, as in the path: a schedule cannot be renamed", name)
	}
	generation, seen := field[int64](f, "generation", request.Generation, "a whole number")
	if !seen {
		generation = current.Generation
	}
	spec, err := s.wanted(r.Context(), f, &request, &current.Spec)
	if err != nil {
		return err
	}
	changed, err := s.store.ChangeSchedule(r.Context(), name, generation, s.caller(), s.allowedChange(r.Context(), func(to *v1alpha1.TaskScheduleSpec) { *to = spec }))
	return replySchedule(w, r, changed, err)
}

// wanted reads and judges what a body asks for. before is the spec that it replaces, nil for a new schedule. The right
// to run the task comes first: whoever lacks it does not learn whether the task exists and which params it takes.
func (s *namespaced) wanted(ctx context.Context, f *fields, request *scheduleRequest, before *v1alpha1.TaskScheduleSpec) (v1alpha1.TaskScheduleSpec, error) {
	spec := f.spec(request)
	if spec.TaskRef.Name == "" {
		return spec, f.problem()
	}
	if before != nil && !schedule.StartsRuns(before, &spec) {
		return spec, f.problem() // what it says is there already, or will run nothing
	}
	if err := s.requireExecute(ctx, spec.TaskRef.Name); err != nil {
		return spec, err
	}
	task, err := s.store.Task(ctx, spec.TaskRef.Name)
	if err != nil {
		return spec, err
	}
	if task == nil {
		f.wrong("taskName", "there is no task %q; GET /tasks lists those there are", spec.TaskRef.Name)
		return spec, f.problem()
	}
	if err := jobspec.CheckTimeout(task, spec.Timeout); err != nil {
		f.wrong("timeout", "%v", err)
	}
	var sent []byte
	if spec.Params != nil {
		sent = spec.Params.Raw
	}
	received, err := checkParams(task, sent)
	if received.Plain != nil {
		spec.Params.Raw = received.Plain
	}
	for _, name := range slices.Sorted(maps.Keys(received.Secret)) {
		f.wrong("params"+params.Pointer(name), "is sensitive, and a schedule would keep it where it can be read")
	}
	var unfit params.FieldErrors
	switch {
	case errors.As(err, &unfit):
		for _, u := range unfit {
			f.wrong("params"+u.Pointer, "%s", u.Message)
		}
	case err != nil && len(f.problems) == 0:
		return spec, err
	}
	return spec, f.problem()
}

// allowedChange makes a change of a schedule that the caller may make: one that starts runs takes the right to run the
// task. It is judged on the very state that is written, which may be newer than the one that the handler has read.
func (s *namespaced) allowedChange(ctx context.Context, change func(*v1alpha1.TaskScheduleSpec)) scheduleChange {
	return func(spec *v1alpha1.TaskScheduleSpec) error {
		before := spec.DeepCopy()
		change(spec)
		if !schedule.StartsRuns(before, spec) {
			return nil
		}
		return s.requireExecute(ctx, spec.TaskRef.Name)
	}
}

// toggleSchedule sets whether a schedule makes runs, or turns it over when the body does not say.
func (s *namespaced) toggleSchedule(w http.ResponseWriter, r *http.Request) error {
	var request toggleRequest
	if err := decode(r, &request); err != nil {
		return err
	}
	f := &fields{}
	enabled, said := field[bool](f, "enabled", request.Enabled, "true or false")
	if err := f.problem(); err != nil {
		return err
	}
	name := pathValue(r, "name")
	current, err := s.store.Schedule(r.Context(), name)
	if err != nil || current == nil {
		return noSchedule(name, err)
	}
	if lost := current.Undecoded.InSpec(); len(lost) > 0 {
		return problemf(http.StatusConflict, "the schedule %q makes no runs, and cannot be switched without losing a field that cannot be decoded: %s; "+
			"PUT %s/triggers/cron/%s replaces it", name, lost, s.prefix, url.PathEscape(name))
	}
	generation := anyGeneration // to set it is the same whatever else changes
	if !said {
		enabled, generation = current.Spec.Suspend, current.Generation
	}
	changed, err := s.store.ChangeSchedule(r.Context(), name, generation, s.caller(), s.allowedChange(r.Context(), func(spec *v1alpha1.TaskScheduleSpec) { spec.Suspend = !enabled }))
	return replySchedule(w, r, changed, err)
}

// deleteSchedule removes a schedule. The runs that it made stay.
func (s *namespaced) deleteSchedule(w http.ResponseWriter, r *http.Request) error {
	name := pathValue(r, "name")
	found, err := s.store.DeleteSchedule(r.Context(), name)
	if err != nil || !found {
		return noSchedule(name, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func replySchedule(w http.ResponseWriter, r *http.Request, found *v1alpha1.TaskSchedule, err error) error {
	if err != nil || found == nil {
		return noSchedule(pathValue(r, "name"), err)
	}
	return reply(w, scheduleOf(found))
}

// noSchedule says why there is no schedule to answer with.
func noSchedule(name string, err error) error {
	if err != nil {
		return err
	}
	return problemf(http.StatusNotFound, "there is no schedule %q; GET /triggers/cron lists those there are", name)
}
