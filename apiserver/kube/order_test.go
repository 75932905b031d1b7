// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

func TestNewestFirst(t *testing.T) {
	begun := func(name string, second int) *v1alpha1.TaskExecution {
		e := fixture.Execution(name, "sync", v1alpha1.PhaseRunning)
		if second >= 0 {
			e.Status.StartTime = ptr.To(metav1.Unix(int64(second), 0))
		}
		return e
	}
	// These are in the wanted order. Each is compared with each, so that the order has no cycle.
	all := []*v1alpha1.TaskExecution{begun("b", -1), begun("c", -1), begun("d", 9), begun("a", 5), begun("e", 5), fixture.Execution("0", "sync", "", 1)}
	for i, x := range all {
		for j, y := range all {
			if got := NewestFirst(x, y); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s to %s: %d", x.Name, y.Name, got)
			}
		}
	}
}
