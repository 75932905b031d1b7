// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package taskexecution

import (
	"cmp"
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
	"github.com/taskexec/taskexec/controllers/logs/follow"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

// follow makes the follower read the logs of the observed containers, and adds the state of the log to the observation.
// It comes before the decision, because only the current containers show whether a log is read to its end.
func (r *Reconciler) follow(ctx context.Context, o *lifecycle.Observation) (err error) {
	if isFollowed(o.Execution) {
		o.Log = r.Follower.Sync(subjectOf(o))
	}
	if s := o.Execution.Status.LogSummary; s != nil && (o.Log.Read || o.Log.GaveUp != "") && o.Log.Lines < s.Entries {
		o.Mirrored, err = r.mirroredLog(ctx, o.Execution)
	}
	return err
}

// isFollowed reports whether more of an execution's log may be read.
func isFollowed(e *v1alpha1.TaskExecution) bool {
	return e.DeletionTimestamp == nil && !lifecycle.LogIsFinal(e)
}

// unfollow stops reading the log if it is final, or if the execution is being deleted.
func (r *Reconciler) unfollow(o *lifecycle.Observation) {
	key := client.ObjectKeyFromObject(o.Execution)
	switch {
	case isFollowed(o.Execution):
		return
	case o.Execution.DeletionTimestamp != nil:
		r.Follower.Forget(key)
	default:
		r.Follower.Release(key)
	}
	r.redactors.forget(key)
}

// forget drops all state of an execution that is gone.
func (r *Reconciler) forget(key types.NamespacedName) {
	r.Follower.Forget(key)
	r.redactors.forget(key)
}

// subjectOf describes which log of an execution to read.
func subjectOf(o *lifecycle.Observation) follow.Subject {
	subject := follow.Subject{
		Key:     client.ObjectKeyFromObject(o.Execution),
		UID:     o.Execution.UID,
		Fresh:   o.Execution.Status.Phase == "",
		Closing: o.Execution.Status.Phase.IsTerminal(),
	}
	for i := range o.Execution.Status.Pods {
		if m := &o.Execution.Status.Pods[i]; m.StartTime != nil {
			subject.Recorded = append(subject.Recorded, m.UID)
		}
	}
	var snapshot jobspec.Snapshot
	switch {
	case o.Job != nil:
		snapshot, _ = jobspec.SnapshotOf(o.Job) // a damaged annotation gives the defaults
	case o.Task != nil && o.Execution.Status.Job != nil: // its Job is gone, and the Task may have the same limits
		snapshot = jobspec.SnapshotFor(o.Task, o.Execution)
	}
	subject.MaxEntries, subject.MaxBytes = snapshot.MaxEntries, snapshot.MaxBytes
	subject.Redacted = snapshot.Archive == v1alpha1.LogArchiveRedacted
	for _, pod := range o.Pods {
		// If the Job is gone, annotations of its pods have the same.
		subject.Redacted = subject.Redacted || pod.Annotations[v1alpha1.AnnotationLogArchive] == string(v1alpha1.LogArchiveRedacted)
		subject.Pods = append(subject.Pods, pod.UID)
		subject.Runs = append(subject.Runs, source.RunsOf(pod, cmp.Or(pod.Annotations[v1alpha1.AnnotationLogContainer], snapshot.Container))...)
	}
	if subject.Redacted = subject.Redacted && o.Execution.Spec.SecretParams != nil; subject.Redacted {
		subject.Redact = o.Redact
	}
	return subject
}

// mirroredLog reads the tail in the status from the API server, because the cache drops it.
func (r *Reconciler) mirroredLog(ctx context.Context, execution *v1alpha1.TaskExecution) ([]v1alpha1.LogEntry, error) {
	current := &v1alpha1.TaskExecution{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(execution), current); err != nil {
		return nil, fmt.Errorf("reading the mirrored log of execution %s/%s: %w", execution.Namespace, execution.Name, err)
	}
	return current.Status.Logs, nil
}
