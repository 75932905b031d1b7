// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// A run that Taskexec creates carries when and where it was requested (jobspec.Stamp). This does not change, also when
// the execution is saved and created again: by the restore of a backup, a move to another cluster, or kubectl get and
// apply. So a copy is recognized by any of these:
//
//   - it was requested in another cluster;
//   - it was created much later than it was requested: CopyAfter;
//   - another execution with its name and time was deleted shortly before. The controller remembers that (package
//     pastruns) for as long as the creation time cannot tell;
//   - a run with its UID, or with its name and time, has ended according to the archive. This is the only trace if the
//     store itself went back in time, because then UID and creation time are the original ones. It counts also for a run with
//     a Job.
//
// Executions that kubectl or a GitOps tool declares carry no stamp. To apply them again means to run them again.

const (
	// CopyAfter is how much later than its request a run may be created. The time of the request is that of the facade's
	// or the controller's clock, and the creation time that of the API server's clock. A request takes at most a minute.
	// The rest is for the difference of the clocks.
	CopyAfter = 5 * time.Minute
	// promptly is within what time a run is usually created after its request. If it took longer, the archive is asked.
	promptly = 15 * time.Second
	// freshly is how long after its creation a controller usually sees a run for the first time. If it took longer, the
	// archive is asked: the run may have ended before the store went back in time.
	freshly = time.Minute
)

// PastRun is an earlier run, or an earlier life of the same run, that is deleted or has ended.
type PastRun struct {
	// Name is the name of the execution. UID is its UID, or empty if that is not known.
	Name types.NamespacedName
	UID  types.UID
	// Requested is spec.trigger.time, or zero if it had none.
	Requested time.Time
	// Phase and Reason are the last known ones.
	Phase  v1alpha1.Phase
	Reason string
	// Ended is when it ended, or zero.
	Ended time.Time
}

// PastRunOf returns an execution, which was deleted or has ended, as a past run.
func PastRunOf(e *v1alpha1.TaskExecution) PastRun {
	past := PastRun{
		Name: types.NamespacedName{Namespace: e.Namespace, Name: e.Name}, UID: e.UID, Phase: e.Status.Phase, Reason: e.Status.Reason,
	}
	if requested := e.Spec.Trigger.Time; requested != nil {
		past.Requested = requested.Time
	}
	if at := e.Status.CompletionTime; at != nil {
		past.Ended = at.Time
	}
	return past
}

// PastOf returns the past run that is the original of an execution, or nil: one with the same UID, or with the same name
// and time of the request. One that did run comes before its other copies.
func PastOf(e *v1alpha1.TaskExecution, past []PastRun) (original *PastRun) {
	for i := range past {
		p := &past[i]
		if p.Name.Namespace != e.Namespace || p.Name.Name != e.Name {
			continue
		}
		sameRequest := e.Spec.Trigger.Time != nil && !p.Requested.IsZero() && p.Requested.Equal(e.Spec.Trigger.Time.Time)
		is := p.UID != "" && p.UID == e.UID || sameRequest
		if is && (original == nil || original.Reason == v1alpha1.ReasonRestoredCopy) {
			original = p
		}
	}
	return original
}

// MayBeCopy reports whether an execution can be a copy: it carries a stamp and has not ended.
func MayBeCopy(e *v1alpha1.TaskExecution) bool {
	stamped := e.Spec.Trigger.Time != nil || e.Spec.Trigger.Cluster != ""
	return stamped && !e.Status.Phase.IsTerminal() && e.Spec.Cancel == nil && e.DeletionTimestamp == nil
}

// AsksPast reports whether the archive must be asked about an execution that MayBeCopy and that the controller sees for
// the first time. An ordinary new run costs no request to the archive.
func AsksPast(e *v1alpha1.TaskExecution, now time.Time, clusters []string) bool {
	return copySince(e) > promptly || now.Sub(e.CreationTimestamp.Time) > freshly || isOfOtherCluster(e, clusters)
}

// copySince is how much later than its request an execution was created. It is zero if its time is not known.
func copySince(e *v1alpha1.TaskExecution) time.Duration {
	requested := e.Spec.Trigger.Time
	if requested == nil || e.CreationTimestamp.IsZero() {
		return 0
	}
	return e.CreationTimestamp.Sub(requested.Time)
}

// isOfOtherCluster reports whether an execution was requested in another cluster than this one. It is false if either is
// not known.
func isOfOtherCluster(e *v1alpha1.TaskExecution, clusters []string) bool {
	requested := e.Spec.Trigger.Cluster
	return requested != "" && len(clusters) > 0 && !slices.Contains(clusters, requested)
}

// restoredCopy ends a copy of a run instead of running it again. While the archive is asked, it waits. A cancelled copy is left to the
// rule for cancelled runs, which starts nothing either. A run with a Job that has not ended is a copy only if this same run has: the
// store went back in time, and brought the Job back. A kubelet may start such a Job's pods again, so the Job is deleted first.
func restoredCopy(o *Observation, _ facts) (step, bool) {
	if !MayBeCopy(o.Execution) {
		return step{}, false
	}
	if o.Job != nil {
		ended := o.Past != nil && o.Past.UID == o.Execution.UID && o.Past.Phase.IsTerminal() && !JobFinished(o.Job)
		return step{deleteJob: o.Job.DeletionTimestamp == nil, hold: true}, ended
	}
	if o.PastWait > 0 {
		return step{hold: true, requeue: o.PastWait}, true
	}
	evidence := whyCopy(o)
	if evidence == "" {
		return step{}, false
	}
	return fail(v1alpha1.ReasonRestoredCopy, copyMessage(o, evidence)), true
}

// whyCopy says what shows that an execution is a copy, or is empty.
func whyCopy(o *Observation) string {
	e, late := o.Execution, copySince(o.Execution)
	switch {
	case isOfOtherCluster(e, o.Options.Clusters):
		return fmt.Sprintf("it was requested in the cluster %s, and this is the cluster %s (--cluster-id)", e.Spec.Trigger.Cluster, o.Options.Clusters[0])
	case late > CopyAfter && o.Past != nil:
		return fmt.Sprintf("it was created %s after it was requested", duration.HumanDuration(late))
	case late > CopyAfter:
		return fmt.Sprintf("it was created %s after it was requested (unless the clocks of Taskexec and the API server differ by that)", duration.HumanDuration(late))
	case o.Past != nil && o.Past.UID == e.UID:
		return "it ended or was deleted before, so the cluster was restored to an earlier state"
	case o.Past != nil:
		return "an execution with the same name and time of request existed before"
	default:
		return ""
	}
}

// copyMessage names the run that was copied, how the copy was recognized, how that run ended, and what to do.
func copyMessage(o *Observation, evidence string) string {
	var message strings.Builder
	message.WriteString("this is a copy of an earlier run")
	if requested := o.Execution.Spec.Trigger.Time; requested != nil {
		message.WriteString(", which was requested at " + requested.UTC().Format(time.RFC3339))
	}
	message.WriteString(", and it does not run again: " + evidence)
	if o.Past != nil {
		message.WriteString("; " + howItWent(o.Past))
	}
	fmt.Fprintf(&message, "; to run it again, POST /tasks/executions/%s/rerun", o.Execution.Name)
	return message.String()
}

// howItWent says how a past run ended.
func howItWent(p *PastRun) string {
	which := "the earlier run"
	if p.UID != "" {
		which += fmt.Sprintf(" (UID %s)", p.UID)
	}
	switch {
	case p.Phase.IsTerminal() && !p.Ended.IsZero():
		return fmt.Sprintf("%s ended as %s (%s) at %s", which, p.Phase, p.Reason, p.Ended.UTC().Format(time.RFC3339))
	case p.Phase.IsTerminal():
		return fmt.Sprintf("%s ended as %s (%s)", which, p.Phase, p.Reason)
	case p.Phase == "":
		return which + " was deleted"
	default:
		return fmt.Sprintf("%s was deleted while it was %s", which, p.Phase)
	}
}
