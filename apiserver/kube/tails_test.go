// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// printed returns a state of a run with so many lines.
func printed(uid string, version, lines int) *v1alpha1.TaskExecution {
	e := fixture.Execution("run-"+uid, "sync", v1alpha1.PhaseRunning)
	e.UID, e.ResourceVersion = types.UID(uid), fmt.Sprint(version)
	e.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "taskexec-controller"}}
	for n := range lines {
		e.Status.Logs = append(e.Status.Logs, v1alpha1.LogEntry{Level: v1alpha1.LogInfo, Message: fmt.Sprint("line ", n), Data: fixture.JSON(`{"a":1}`)})
	}
	e.Status.LogSummary = &v1alpha1.LogSummary{Entries: int64(lines)}
	return e
}

// cachedAs returns what the watch cache keeps of a run. The informer may transform it twice.
func cachedAs(t *testing.T, of *tails, e *v1alpha1.TaskExecution) *v1alpha1.TaskExecution {
	t.Helper()
	for range 2 {
		object, err := of.transform(e)
		if err != nil || object != any(e) {
			t.Fatalf("%v %v", object, err)
		}
	}
	return e
}

// The cache keeps everything of a run except its tail and managedFields, and how large the tail is.
func TestTransformLeavesTailsOut(t *testing.T) {
	of := newTails()
	e := cachedAs(t, of, printed("a", 1, 3))
	if e.Status.Logs != nil || e.ManagedFields != nil || e.TailBytes != 3*(entryWeight+int64(len("line 0")+len(`{"a":1}`))) {
		t.Errorf("a tail of %d bytes, %d entries, %v", e.TailBytes, len(e.Status.Logs), e.ManagedFields)
	}
	if e.Status.LogSummary.Entries != 3 || e.Status.Phase != v1alpha1.PhaseRunning || e.Spec.TaskRef.Name != "sync" {
		t.Errorf("it lacks more: %+v", e)
	}
	if len(of.of) != 0 {
		t.Error("the tail of a run that nobody read is kept")
	}
	if e := cachedAs(t, of, printed("b", 1, 0)); e.TailBytes != 0 {
		t.Errorf("a run without a tail: %d bytes", e.TailBytes)
	}
	if object, err := of.transform(&v1alpha1.Task{ObjectMeta: metav1.ObjectMeta{ManagedFields: printed("a", 1, 0).ManagedFields}}); err != nil || object.(*v1alpha1.Task).ManagedFields != nil {
		t.Errorf("a Task: %+v %v", object, err)
	}
}

// Of a run that was read, each new state is kept with its tail, so that a poll needs no read.
func TestTailsOfReadRunsAreKept(t *testing.T) {
	of := newTails()
	of.keep(printed("a", 5, 1))
	now := cachedAs(t, of, printed("a", 7, 2))
	got := of.get(now)
	if got == nil || got.ResourceVersion != "7" || len(got.Status.Logs) != 2 || got.TailBytes != 0 || got.ManagedFields != nil {
		t.Fatalf("after a new state: %+v", got)
	}
	if len(now.Status.Logs) != 0 {
		t.Error("the cached run has the tail")
	}
	for _, late := range []func(){
		func() { of.keep(printed("a", 6, 1)) },
		func() { cachedAs(t, of, printed("a", 6, 1)) },
	} {
		if late(); of.get(now) != got {
			t.Error("an older state replaced a newer one")
		}
	}
	if of.get(printed("a", 8, 0)) != nil {
		t.Error("an older state was returned than the cache shows")
	}
	if of.get(printed("b", 1, 0)) != nil {
		t.Error("a run that nobody read is kept")
	}
	if of.forget("a"); of.get(now) != nil || of.bytes != 0 || of.read.Len() != 0 {
		t.Errorf("a deleted run is kept: %d bytes", of.bytes)
	}
}

func TestTailsAreBounded(t *testing.T) {
	of := newTails()
	large := func(i, version int) *v1alpha1.TaskExecution {
		e := printed(fmt.Sprint(i), version, 1)
		e.Status.Logs[0].Message = strings.Repeat("x", 256<<10)
		return e
	}
	for i := range 100 {
		of.keep(large(i, 1))
		of.get(large(0, 1)) // somebody polls the first one
	}
	if of.bytes > maxTailBytes || of.bytes < maxTailBytes-(512<<10) || of.read.Len() != len(of.of) {
		t.Errorf("%d bytes of %d runs are kept", of.bytes, len(of.of))
	}
	for i, want := range map[int]bool{0: true, 1: false, 99: true} {
		if kept := of.get(large(i, 1)) != nil; kept != want {
			t.Errorf("run %d is kept: %v, want %v", i, kept, want)
		}
	}
	for i := range 100 { // all print, but that is no read
		cachedAs(t, of, large(i, 2))
	}
	if of.bytes > maxTailBytes || of.get(large(0, 2)) == nil {
		t.Errorf("after all have printed, %d bytes are kept", of.bytes)
	}
}
