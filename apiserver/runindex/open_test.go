// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runindex

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/census"
)

// After any changes, the counts are those of a census of all executions, of the namespace and of each task.
func TestOpenIsTheCensus(t *testing.T) {
	tasks := []string{"a", "b", "c"}
	blocked := map[v1alpha1.QueueBlocker]int{}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		index, kept := NewIndex(), map[string]*v1alpha1.TaskExecution{}
		for version := range uint64(100) {
			name := fmt.Sprint("run-", random.IntN(8))
			if old := kept[name]; old != nil && random.IntN(4) == 0 {
				last := old.DeepCopy()
				last.ResourceVersion = fmt.Sprint(version + 1)
				index.Remove(last, true)
				delete(kept, name)
			} else {
				e := execution(name, tasks[random.IntN(len(tasks))], random.IntN(3), version+1)
				if old != nil {
					e.CreationTimestamp, e.Spec.TaskRef = old.CreationTimestamp, old.Spec.TaskRef
				}
				anyStatus(random, e)
				index.Put(e, false)
				kept[name] = e
			}
			all := slices.Collect(maps.Values(kept))
			for _, task := range tasks {
				ours := slices.DeleteFunc(slices.Clone(all), func(e *v1alpha1.TaskExecution) bool { return e.Spec.TaskRef.Name != task })
				of, every := index.In("default").Open(task)
				sameCounts(t, of, ours)
				sameCounts(t, every, all)
				blocked[every.Blocked()]++
			}
		}
	}
	for _, by := range []v1alpha1.QueueBlocker{"", v1alpha1.BlockedByNamespace, v1alpha1.BlockedByController} {
		if blocked[by] == 0 {
			t.Errorf("nothing was ever blocked by %q: %v", by, blocked)
		}
	}
}

func sameCounts(t *testing.T, open Open, executions []*v1alpha1.TaskExecution) {
	t.Helper()
	got := census.Occupancy{Active: open.Active, Ahead: open.Ahead, Queued: open.Queued, Blocked: open.Blocked()}
	if want := census.Take(executions).Occupancy(); got != want {
		t.Fatalf("the index has %+v, the census %+v", got, want)
	}
}

// anyStatus gives an execution a status, also one that no controller writes.
func anyStatus(random *rand.Rand, e *v1alpha1.TaskExecution) {
	phases := []v1alpha1.Phase{
		"", v1alpha1.PhasePending, v1alpha1.PhaseQueued, v1alpha1.PhaseQueued, v1alpha1.PhaseRunning, v1alpha1.PhaseCancelling, v1alpha1.PhaseCompleted,
	}
	e.Status.Phase = phases[random.IntN(len(phases))]
	if random.IntN(3) == 0 {
		e.Status.Job = &v1alpha1.JobIdentity{Name: e.Name}
	}
	if random.IntN(4) == 0 {
		e.Spec.Cancel = &v1alpha1.CancelRequest{}
	}
	if random.IntN(6) == 0 {
		e.Status.Reason = v1alpha1.ReasonJobRefused
	}
	blockers := []v1alpha1.QueueBlocker{v1alpha1.BlockedByTask, v1alpha1.BlockedByNamespace, v1alpha1.BlockedByController, v1alpha1.BlockedByJob}
	if at := random.IntN(len(blockers) + 3); at < len(blockers) {
		e.Status.Queue = &v1alpha1.QueueStatus{BlockedBy: blockers[at]}
	}
}
