// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"errors"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/params"
)

// RunSchedule starts a run of a schedule now, whether or not the schedule is enabled. It does not change the schedule
// or its next time. The run is checked like one of the execute routes and needs the same right.
func (h *Handlers) RunSchedule(in *access.Scope, w http.ResponseWriter, r *http.Request) error {
	dryRun, err := web.OnlyDryRunOf(r)
	if err != nil {
		return err
	}
	if err := web.Decode(r, &runScheduleRequest{}); err != nil {
		return err
	}
	sent, err := h.keyOf(r)
	if err != nil {
		return err
	}
	name := web.PathValue(r, "name")
	of, err := h.Stores(in.Namespace).Schedule(r.Context(), name)
	if err != nil {
		return err
	}
	submission := sent.submission(in, func(key string) submission { return runOf(in.Namespace, name, of, key) })
	if of == nil {
		return h.repeatedAfterDeletion(in, w, r, submission, dryRun, web.NoSchedule(name, nil))
	}
	err = h.submitOwn(in, w, r, submission, dryRun)
	var unfit params.FieldErrors
	if errors.As(err, &unfit) {
		// The request has no params, so it is not at fault.
		return web.ProblemOfText(http.StatusConflict, sayPlanParams.With(submission.task, name, unfit.Text(), in.Path("triggers", "cron", name)))
	}
	return err
}

// runNow stands for the body of a request that runs a schedule now. It is not a JSON object, so no body equals it.
const runNow = "run now"

// runOf returns the submission of a run of a schedule. Without the schedule, it can only find the execution of an
// earlier request.
func runOf(namespace, name string, of *v1alpha1.TaskSchedule, key string) submission {
	out := submission{id: scheduleRunID(namespace, name, key), keyed: key != "", source: v1alpha1.TriggerManual, schedule: of}
	if out.keyed {
		out.digest = macOf(key, []byte(runNow))
	}
	if of == nil {
		return out
	}
	out.task, out.labels = of.Spec.TaskRef.Name, of.Spec.Labels
	if of.Spec.Params != nil {
		out.params = of.Spec.Params.Raw
	}
	return out
}

// scheduleRunID is ExecutionID for runs of schedules. In place of the task's name it has a text that is not a valid
// name, so that their keys cannot collide with others.
func scheduleRunID(namespace, schedule, key string) string {
	if key == "" {
		return ExecutionID(namespace, "", "")
	}
	return keyedID(namespace, "/schedule", schedule, key)
}

// markSchedule marks an execution as a run of a schedule: selectors for the schedule's runs find it, and its trigger
// names the schedule.
func (s submission) markSchedule(execution *v1alpha1.TaskExecution) {
	if s.schedule == nil {
		return
	}
	metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelSchedule, jobspec.LabelValue(s.schedule.Name))
	metav1.SetMetaDataLabel(&execution.ObjectMeta, v1alpha1.LabelScheduleUID, string(s.schedule.UID))
	execution.Spec.Trigger.Name = s.schedule.Name
	execution.Spec.Timeout = s.schedule.Spec.Timeout
}

// runScheduleRequest has no fields, because a schedule is run with its own params and labels.
type runScheduleRequest struct{}
