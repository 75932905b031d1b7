// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Stamp records on an execution that we are about to create that it is requested now, and in which cluster. Later this
// tells the execution from a copy of it (lifecycle/restoredcopy.go). cluster is empty if it is not known.
//
// The time is in microseconds, as the API server stores it. So two requests for one name, such as a repeated
// Idempotency-Key after its execution was deleted, have different times.
func Stamp(execution *v1alpha1.TaskExecution, now time.Time, cluster string) {
	execution.Spec.Trigger.Time = &metav1.MicroTime{Time: now.UTC().Truncate(time.Microsecond)}
	execution.Spec.Trigger.Cluster = cluster
}
