// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/diagnosis"
	"github.com/taskexec/taskexec/controllers/census"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/phrases"
)

const (
	// livePatience bounds the live reads for one explanation. If they fail, the explanation says less and is marked
	// incomplete.
	livePatience = 5 * time.Second
	// podsWithEvents is the number of newest pods whose Events are read.
	podsWithEvents = 2
	// maxEventsKept bounds the Events of one explanation. The newest are kept.
	maxEventsKept = 50
)

// Observer gathers the input of an explanation. A failed read from the watch cache is an error; a failed live read
// becomes a part of the observation.
type Observer struct {
	Store Store
	// Patience bounds all live reads together.
	Patience time.Duration
}

// Observe gathers the facts about an execution. It returns an error only if the watch cache cannot be read.
func (b *Observer) Observe(ctx context.Context, execution *v1alpha1.TaskExecution, now time.Time) (diagnosis.Observation, error) {
	o := diagnosis.Observation{Now: now, Execution: execution}
	var err error
	if o.Task, err = b.Store.Task(ctx, execution.Spec.TaskRef.Name); err != nil {
		return o, err
	}
	if execution.Status.Phase == v1alpha1.PhaseQueued {
		all, err := b.Store.Executions(ctx, execution.Spec.TaskRef.Name)
		if err != nil {
			return o, err
		}
		o.Census = census.Take(all)
	}
	live, cancel := context.WithTimeout(ctx, b.Patience)
	defer cancel()
	b.readLive(live, &o)
	return o, nil
}

// readLive reads the Job, the pods and the tail of the log in parallel, and then the Events.
func (b *Observer) readLive(ctx context.Context, o *diagnosis.Observation) {
	var jobErr, podsErr, tailErr error
	var whole *v1alpha1.TaskExecution
	var reads errgroup.Group
	reads.Go(func() error { o.Job, jobErr = b.Store.Job(ctx, o.Execution); return nil })
	reads.Go(func() error { o.Pods, podsErr = b.Store.Pods(ctx, o.Execution); return nil })
	if o.Execution.Status.Phase == v1alpha1.PhaseFailed { // only then the tail says something
		reads.Go(func() error { whole, tailErr = b.Store.Whole(ctx, o.Execution); return nil })
	}
	_ = reads.Wait() // an error of one read does not end the other
	if whole != nil {
		o.Execution = whole
	}
	slices.SortFunc(o.Pods, func(a, b corev1.Pod) int { return jobspec.OldestFirst(&a, &b) })
	objects := objectsWithEvents(o)
	found, errs := make([][]corev1.Event, len(objects)), make([]error, len(objects))
	for i, uid := range objects {
		reads.Go(func() error { found[i], errs[i] = b.Store.Events(ctx, uid); return nil })
	}
	_ = reads.Wait()
	o.Events = slices.Concat(found...)
	slices.SortStableFunc(o.Events, func(a, b corev1.Event) int { return diagnosis.At(&b).Compare(diagnosis.At(&a)) })
	o.Events = o.Events[:min(len(o.Events), maxEventsKept)]
	for _, read := range []struct {
		what diagnosis.Source
		err  error
	}{{diagnosis.FromJob, jobErr}, {diagnosis.FromPod, podsErr}, {diagnosis.FromEvent, errors.Join(errs...)}, {diagnosis.FromLog, tailErr}} {
		if read.err != nil {
			logr.FromContextOrDiscard(ctx).Error(read.err, "Could not read a part of an explanation", "what", read.what)
			o.Unread = append(o.Unread, diagnosis.Unread{What: read.what, Why: whyUnread(read.err)})
		}
	}
}

// objectsWithEvents returns the UIDs of the Job and the newest pods. Events outlive their objects.
func objectsWithEvents(o *diagnosis.Observation) (objects []types.UID) {
	if o.Execution.Status.Job != nil {
		objects = append(objects, o.Execution.Status.Job.UID)
	} else if o.Job != nil {
		objects = append(objects, o.Job.UID)
	}
	for _, pod := range o.Pods[max(0, len(o.Pods)-podsWithEvents):] {
		objects = append(objects, pod.UID)
	}
	if mirrored := o.Execution.Status.Pods; len(o.Pods) == 0 {
		for _, pod := range mirrored[max(0, len(mirrored)-podsWithEvents):] {
			objects = append(objects, pod.UID)
		}
	}
	return objects
}

// whyUnread says why a live read failed, in words that are safe to show.
func whyUnread(err error) phrases.Text {
	var unreachable *url.Error
	switch {
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return diagnosis.UnreadForbidden.With()
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return diagnosis.UnreadLate.With()
	case errors.As(err, &unreachable):
		return diagnosis.UnreadUnreachable.With()
	default:
		return diagnosis.UnreadFailed.With()
	}
}
