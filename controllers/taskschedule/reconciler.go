// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package taskschedule reconciles TaskSchedules: it observes one, asks package schedule to decide, creates the due runs
// and reports the status.
package taskschedule

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/apianswer"
	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/origin"
	"github.com/taskexec/taskexec/controllers/pastruns"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// Reconciler creates the runs of TaskSchedules.
type Reconciler struct {
	// Client reads from the watch caches and writes to the API server.
	Client client.Client
	// Live reads from the API server, for decisions that must not depend on a stale cache.
	Live     client.Reader
	Recorder recorder.EventRecorder
	Clock    clock.PassiveClock
	// Origin reports whether the names on schedules are proven.
	Origin *origin.Checker
	// BacklogFull returns why a run of a Task, of a size in bytes, could not wait now, or nil if it could.
	BacklogFull func(task types.NamespacedName, size int64) *backlog.Full
	// Past knows runs that ended or were deleted. Nil knows none.
	Past *pastruns.Runs
	// Cluster identifies this cluster. It is empty if that is not known.
	Cluster string
}

// Reconcile creates the due runs of one schedule.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	observed, err := r.observe(ctx, req)
	if err != nil || observed == nil {
		return ctrl.Result{}, err
	}
	plan := schedule.Decide(*observed)
	// Create the runs before the status is written. After a crash in between they are found by their names.
	results, wait, applyErr := r.apply(ctx, observed.Schedule, plan)
	reportErr := r.report(ctx, observed.Schedule, plan, results)
	if apierrors.IsConflict(reportErr) {
		// Somebody changed the schedule meanwhile. Decide again when the cache has caught up. Record the created runs
		// now, because the next decision may not find them, for example if the schedule was suspended.
		err := errors.Join(applyErr, r.record(ctx, observed.Schedule, plan, results))
		return ctrl.Result{RequeueAfter: apianswer.ConflictRetry}, err
	}
	if err := errors.Join(applyErr, reportErr); err != nil {
		return ctrl.Result{}, fmt.Errorf("schedule %s: %w", req, err)
	}
	return ctrl.Result{RequeueAfter: cmp.Or(wait, plan.Wait)}, nil
}

// observe reads what a decision needs. It returns nil if the schedule is gone or being deleted.
func (r *Reconciler) observe(ctx context.Context, req ctrl.Request) (*schedule.Observation, error) {
	o := &schedule.Observation{Schedule: &v1alpha1.TaskSchedule{}}
	if err := r.Client.Get(ctx, req.NamespacedName, o.Schedule); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if o.Schedule.DeletionTimestamp != nil {
		return nil, nil
	}
	var err error
	if o.Task, err = r.task(ctx, client.ObjectKey{Namespace: req.Namespace, Name: o.Schedule.Spec.TaskRef.Name}); err != nil {
		return nil, fmt.Errorf("reading the task of schedule %s: %w", req, err)
	}
	o.Now = r.Clock.Now()
	if origin.IsAuthorStated(o.Schedule) {
		o.Origin = r.Origin.Proof(ctx).Judge(o.Schedule)
	}
	return o, nil
}

// task returns the schedule's Task, or nil. Without a Task, ticks are skipped, so a missing Task is confirmed by the
// API server: a cache may lag behind.
func (r *Reconciler) task(ctx context.Context, key client.ObjectKey) (*v1alpha1.Task, error) {
	task := &v1alpha1.Task{}
	err := r.Client.Get(ctx, key, task)
	if apierrors.IsNotFound(err) {
		err = r.Live.Get(ctx, key, task)
	}
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return task, nil
}

// apply creates the due runs in order. It stops at the first that the API server refuses. A retry may fix an error. It
// also stops at one about which the archive is asked, and returns when to go on.
func (r *Reconciler) apply(ctx context.Context, s *v1alpha1.TaskSchedule, plan schedule.Plan) (results []schedule.Result, wait time.Duration, err error) {
	for _, run := range plan.Runs {
		existed, wait := r.existed(ctx, run)
		if wait > 0 {
			return results, wait, nil
		}
		if existed {
			results = append(results, schedule.Result{Outcome: schedule.Made})
			continue
		}
		result, err := r.start(ctx, s, run)
		if err != nil {
			return results, 0, err
		}
		results = append(results, result)
		if result.Outcome == schedule.Refused {
			break
		}
	}
	return results, 0, nil
}

// start creates the run of a tick, or finds one that was created before.
func (r *Reconciler) start(ctx context.Context, s *v1alpha1.TaskSchedule, run schedule.Run) (schedule.Result, error) {
	e := run.Execution
	if full := r.BacklogFull(types.NamespacedName{Namespace: e.Namespace, Name: e.Spec.TaskRef.Name}, sizeOf(e)); full != nil {
		return schedule.Result{Outcome: schedule.Refused, Message: full.Error()}, nil
	}
	jobspec.Stamp(e, r.Clock.Now(), r.Cluster)
	err := r.Client.Create(ctx, e.DeepCopy())
	switch {
	case err == nil:
		ctrl.LoggerFrom(ctx).V(1).Info("Made the run of a tick", "execution", klog.KObj(e), "schedule", klog.KObj(s), "task", klog.KRef(e.Namespace, e.Spec.TaskRef.Name))
		return schedule.Result{Outcome: schedule.Made}, nil
	case apierrors.IsAlreadyExists(err):
		return r.adopt(ctx, s, e)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause), apierrors.IsForbidden(err),
		apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		return schedule.Result{Outcome: schedule.Refused, Message: err.Error()}, nil
	default:
		return schedule.Result{}, fmt.Errorf("creating execution %s/%s: %w", e.Namespace, e.Name, err)
	}
}

// sizeOf returns the size in bytes of an execution before its creation, without what the API server adds.
func sizeOf(e *v1alpha1.TaskExecution) int64 {
	data, err := json.Marshal(e)
	if err != nil {
		return 0 // not reached: its creation would fail for the same reason and report it
	}
	return int64(len(data))
}

// adopt takes an existing execution as the run of the tick if this very schedule would have created it.
func (r *Reconciler) adopt(ctx context.Context, s *v1alpha1.TaskSchedule, e *v1alpha1.TaskExecution) (schedule.Result, error) {
	existing := &v1alpha1.TaskExecution{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(e), existing); err != nil {
		return schedule.Result{}, fmt.Errorf("reading the execution %s/%s that exists already: %w", e.Namespace, e.Name, err)
	}
	if !schedule.IsRun(existing, s, e) {
		return schedule.Result{
			Outcome: schedule.Conflict,
			Message: fmt.Sprintf("execution %q exists and is not what this schedule would have made: it is left alone, and the run was not made", e.Name),
		}, nil
	}
	return schedule.Result{Outcome: schedule.Made}, nil
}

// report writes the status if it changed, in one patch with the resourceVersion that the decision is based on. Events
// follow a successful write.
func (r *Reconciler) report(ctx context.Context, s *v1alpha1.TaskSchedule, plan schedule.Plan, results []schedule.Result) error {
	after := s.DeepCopy()
	after.Status = plan.Status(s, results)
	if equality.Semantic.DeepEqual(s.Status, after.Status) {
		return nil
	}
	patch := client.MergeFromWithOptions(s, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, after.DeepCopy(), patch); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("writing the status of schedule %s/%s: %w", s.Namespace, s.Name, err)
	}
	r.announce(after, s.Status, plan)
	return nil
}

// record records the created runs on a schedule that somebody changed meanwhile.
func (r *Reconciler) record(ctx context.Context, decided *v1alpha1.TaskSchedule, plan schedule.Plan, results []schedule.Result) error {
	key := client.ObjectKeyFromObject(decided)
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		s := &v1alpha1.TaskSchedule{}
		if err := r.Live.Get(ctx, key, s); err != nil || s.UID != decided.UID {
			return client.IgnoreNotFound(err)
		}
		after := s.DeepCopy()
		after.Status = plan.Record(s, results)
		if equality.Semantic.DeepEqual(s.Status, after.Status) {
			return nil
		}
		return r.Client.Status().Patch(ctx, after, client.MergeFromWithOptions(s, client.MergeFromWithOptimisticLock{}))
	})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("recording the runs of schedule %s: %w", key, err)
	}
	return nil
}

// announce sends Events about problems that somebody may have to solve. An ordinary run causes none.
func (r *Reconciler) announce(s *v1alpha1.TaskSchedule, before v1alpha1.TaskScheduleStatus, plan schedule.Plan) {
	if missed := plan.Missed(); missed != "" {
		r.Recorder.Eventf(s, nil, corev1.EventTypeWarning, v1alpha1.ReasonMissedSchedule, "Schedule", "%s", missed)
	}
	was := apimeta.FindStatusCondition(before.Conditions, v1alpha1.ConditionReady)
	is := apimeta.FindStatusCondition(s.Status.Conditions, v1alpha1.ConditionReady)
	if apimeta.IsStatusConditionFalse(s.Status.Conditions, v1alpha1.ConditionReady) && (was == nil || was.Reason != is.Reason) {
		r.Recorder.Eventf(s, nil, corev1.EventTypeWarning, is.Reason, "Schedule", "%s", is.Message)
	}
}
