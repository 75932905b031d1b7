// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pastruns knows runs that ended or were deleted, so that a copy of one does not run again. It has two sources:
// a bounded memory of the executions that were deleted in the last minutes, and the archive of ended runs. The archive
// is asked rarely, in the background and with time limits: a slow one delays a suspicious run by some seconds, and no
// other run.
//
//	Memory  what the watch showed as deleted (memory.go)
//	Asker   one question to the archive for each suspicious run (asker.go)
//	Runs    both, for the controllers (this file)
//
// lifecycle says which executions are suspicious, and which past run is the original of one (restoredcopy.go).
package pastruns

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/go-logr/logr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

// Archive has the records of ended runs.
type Archive interface {
	// Ended returns the ended runs that an execution of a name has had, newest first, at most some ten. It returns none
	// and no error if there is no record. It must return when ctx ends.
	Ended(ctx context.Context, name types.NamespacedName) ([]lifecycle.PastRun, error)
}

// Options configure Runs.
type Options struct {
	// Archive has the records. Nil means that there is no archive.
	Archive Archive
	// Clusters identify this cluster, as in lifecycle.Options.
	Clusters []string
	Clock    clock.PassiveClock
	Log      logr.Logger
}

// Runs answers whether an execution existed before. The methods of a nil Runs know nothing.
type Runs struct {
	memory   *memory
	asker    *asker
	clusters []string
	clock    clock.PassiveClock
}

// New returns Runs with an empty memory.
func New(o Options) *Runs {
	r := &Runs{memory: newMemory(), clusters: o.Clusters, clock: o.Clock}
	if o.Archive != nil {
		r.asker = newAsker(o.Archive, o.Clock, o.Log)
	}
	return r
}

// Deleted remembers an execution that was deleted.
func (r *Runs) Deleted(e *v1alpha1.TaskExecution) {
	if r == nil {
		return
	}
	r.memory.deleted(e, r.clock.Now())
	r.Settled(e.UID)
}

// Settled forgets what was asked about an execution, because it has ended or is gone.
func (r *Runs) Settled(uid types.UID) {
	if r != nil && r.asker != nil {
		r.asker.forget(question{uid: uid})
	}
}

// Original returns the past run that an execution is a copy of, or nil if none is known. wait is more than
// zero while the archive is asked: call again after that time, or when wake was called.
func (r *Runs) Original(e *v1alpha1.TaskExecution, wake func()) (original *lifecycle.PastRun, wait time.Duration) {
	if r == nil {
		return nil, 0
	}
	name := types.NamespacedName{Namespace: e.Namespace, Name: e.Name}
	if past := r.memory.find(name, r.clock.Now()); past != nil {
		if found := lifecycle.PastOf(e, []lifecycle.PastRun{*past}); found != nil {
			return found, 0
		}
	}
	if r.asker == nil {
		return nil, 0
	}
	past, wait := r.asker.ask(question{uid: e.UID}, name, lifecycle.AsksPast(e, r.clock.Now(), r.clusters), wake)
	return lifecycle.PastOf(e, past), wait
}

// Existed reports whether an execution of a name existed before. It is for names that stand for one run, such as those
// of a schedule's ticks. The archive is asked only if archived is set. wait is as in Original, but nothing wakes the
// caller. Call Decided after the last call.
func (r *Runs) Existed(name types.NamespacedName, archived bool) (existed bool, wait time.Duration) {
	if r == nil {
		return false, 0
	}
	if r.memory.find(name, r.clock.Now()) != nil {
		return true, 0
	}
	if r.asker == nil || !archived {
		return false, 0
	}
	past, wait := r.asker.ask(question{name: name}, name, true, func() {})
	return len(past) > 0, wait
}

// Decided forgets what Existed has asked.
func (r *Runs) Decided(name types.NamespacedName) {
	if r != nil && r.asker != nil {
		r.asker.forget(question{name: name})
	}
}
