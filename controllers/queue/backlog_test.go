// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/backlog"
)

// sized returns an execution of that many bytes.
func sized(name string, bytes int64) *v1alpha1.TaskExecution {
	return with(execution("sync", name, 0), func(e *v1alpha1.TaskExecution) { e.Size = bytes })
}

func queued(e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	return with(e, func(e *v1alpha1.TaskExecution) { e.Status.Phase = v1alpha1.PhaseQueued })
}

// wait asks for room and reports whether there is any.
func wait(l *Ledger, name string) bool { return l.ReserveBacklog(types.UID(name)) == nil }

// Room is reserved when a run is told to wait, and freed when it has its Job, is cancelled, has ended or is gone.
func TestCase49RoomIsReservedAndFreed(t *testing.T) {
	for name, leave := range map[string]func(*Ledger, *v1alpha1.TaskExecution){
		"it has its Job":  func(l *Ledger, e *v1alpha1.TaskExecution) { l.Observe(withJob(e)) },
		"it is cancelled": func(l *Ledger, e *v1alpha1.TaskExecution) { l.Observe(cancelled(e)) },
		"it has ended":    func(l *Ledger, e *v1alpha1.TaskExecution) { l.Observe(ended(e)) },
		"it is gone":      func(l *Ledger, e *v1alpha1.TaskExecution) { l.Forget(e) },
		"its turn is kept": func(l *Ledger, e *v1alpha1.TaskExecution) {
			l.Ask(e.UID, rules(v1alpha1.ConcurrencyQueue, 9), noon)
			l.Keep(e.UID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := seeded(Limits{Waiting: backlog.Limits{Runs: 2, Bytes: 100}}, sized("a", 60), sized("b", 60), sized("c", 40), sized("d", 1))
			for _, step := range []struct {
				run  string
				want bool
			}{{"a", true}, {"b", false}, {"c", true}, {"d", false}, {"a", true}, {"c", true}} {
				if got := wait(l, step.run); got != step.want {
					t.Errorf("%s may wait: %t, want %t", step.run, got, step.want)
				}
			}
			if all, most := l.Held(); all != (backlog.Held{Runs: 2, Bytes: 100}) || most != all {
				t.Errorf("held %+v, most %+v", all, most)
			}
			leave(l, queued(sized("a", 60)))
			if !wait(l, "b") {
				t.Error("its room is not free")
			}
			for _, e := range []*v1alpha1.TaskExecution{sized("a", 60), sized("b", 60), sized("c", 40), sized("d", 1)} {
				l.Observe(ended(e))
				l.Release(e.UID)
			}
			if len(l.heldIn)+len(l.entries) != 0 {
				t.Errorf("something is left: %v, %v", l.heldIn, l.entries)
			}
		})
	}
}

// A run that waited before a restart keeps waiting, whatever the limits are now. Namespaces count separately.
func TestCase49WhatWaitedGoesOnToWait(t *testing.T) {
	l := seeded(Limits{Waiting: backlog.Limits{Runs: 1}}, queued(sized("a", 1)), queued(sized("b", 1)), sized("c", 1))
	if !wait(l, "a") || !wait(l, "b") || wait(l, "c") {
		t.Error("those that waited have no room, or a new one has")
	}
	other := with(sized("other", 1), func(e *v1alpha1.TaskExecution) { e.Namespace = "other" })
	if l.Observe(other); !wait(l, "other") {
		t.Error("another namespace has no room")
	}
	if all, most := l.Held(); all.Runs != 3 || most.Runs != 2 {
		t.Errorf("held %+v, most %+v", all, most)
	}
	task := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "ns", Name: name} }
	if l.BacklogFull(task("sync"), 1) == nil || l.BacklogFull(task("others"), 1) != nil {
		t.Error("a schedule is told that there is room where its run would wait, or that there is none where it would not")
	}
}
