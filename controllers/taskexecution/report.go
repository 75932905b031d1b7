package taskexecution

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// report writes the status when it changed, in one patch. The patch carries the resourceVersion that was
// decided on: a cancel that came meanwhile makes it fail, and the decision is made again. Events and metrics
// follow what was written, not what was meant to be.
func (r *Reconciler) report(ctx context.Context, o *lifecycle.Observation, plan lifecycle.Plan) error {
	before, after := o.Execution, o.Execution.DeepCopy()
	after.Status = plan.Status
	if equality.Semantic.DeepEqual(before.Status, after.Status) {
		return nil
	}
	patch := client.MergeFromWithOptions(before.DeepCopy(), client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, after, patch); err != nil {
		if err := ignoreGone(err); err != nil {
			return fmt.Errorf("writing the status of execution %s/%s: %w", before.Namespace, before.Name, err)
		}
		return nil
	}
	if plan.Status.Logs != nil {
		r.Follower.Flushed(client.ObjectKeyFromObject(before), o.Log.Lines)
	}
	if phaseOf(&before.Status) != plan.Status.Phase || before.Status.Reason != plan.Status.Reason {
		r.announce(after, before.Status)
	}
	return nil
}

// announce tells of a change. An ordinary run makes no events: its status says all of it, and an event costs
// the API server as much as a phase.
func (r *Reconciler) announce(execution *v1alpha1.TaskExecution, before v1alpha1.TaskExecutionStatus) {
	status := &execution.Status
	if status.Phase.IsTerminal() && !before.Phase.IsTerminal() {
		r.Metrics.finished(execution)
	}
	if eventType, ok := eventTypes[status.Reason]; ok {
		note := status.Message
		if note == "" {
			note = status.Reason
		}
		r.Recorder.Eventf(execution, nil, eventType, status.Reason, string(status.Phase), "%s", note)
	}
}
