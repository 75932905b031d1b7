// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// NotAllowedError says what an execution requests that its Task does not allow.
type NotAllowedError struct{ detail string }

func (e *NotAllowedError) Error() string { return e.detail }

func notAllowed(format string, args ...any) error {
	return &NotAllowedError{fmt.Sprintf(format, args...)}
}

// CheckAllowed returns a NotAllowedError if an execution requests more than its Task allows: a longer timeout, or a
// queue of Kueue. A user who may run a Task decides about nothing else except its params. A queue in the template
// overrides the execution's.
func CheckAllowed(task *v1alpha1.Task, execution *v1alpha1.TaskExecution) error {
	if err := CheckTimeout(task, execution.Spec.Timeout); err != nil {
		return err
	}
	return CheckQueue(task, execution.Labels)
}

// CheckQueue returns a NotAllowedError if the labels of a run request a queue of Kueue that its Task does not allow.
func CheckQueue(task *v1alpha1.Task, labels map[string]string) error {
	queue := labels[v1alpha1.LabelKueueQueue]
	if queue == "" || task.Spec.JobTemplate.Labels[v1alpha1.LabelKueueQueue] != "" || slices.Contains(task.Spec.AllowedQueues, queue) {
		return nil
	}
	return notAllowed("the task %q does not allow the queue %q of the label %s; its spec.allowedQueues: %s",
		task.Name, queue, v1alpha1.LabelKueueQueue, orNone(task.Spec.AllowedQueues))
}

// orNone returns the list of what a Task allows in words.
func orNone(allowed []string) string { return cmp.Or(strings.Join(allowed, ", "), "none") }

// CheckTimeout returns a NotAllowedError if a timeout is longer than a Task allows. No timeout is always allowed.
func CheckTimeout(task *v1alpha1.Task, timeout *metav1.Duration) error {
	longest, bounded := longestTimeout(task)
	if timeout == nil || !bounded || timeout.Duration <= longest {
		return nil
	}
	return notAllowed("the task %q does not allow the timeout %s: the longest is %s (its spec.maxTimeout, or else spec.timeout)",
		task.Name, timeout.Duration, longest)
}

// longestTimeout returns the longest timeout that a Task allows. There is no limit if the Task's own runs have none.
func longestTimeout(task *v1alpha1.Task) (longest time.Duration, bounded bool) {
	for _, d := range []*metav1.Duration{task.Spec.Timeout, task.Spec.MaxTimeout} {
		if d != nil {
			longest, bounded = max(longest, d.Duration), true
		}
	}
	return longest, bounded
}
