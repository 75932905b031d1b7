// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pastruns

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/jobspec"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// requested returns an execution that was requested and created at a time.
func requested(name string, uid types.UID, at time.Time) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: uid, CreationTimestamp: metav1.NewTime(at)}}
	jobspec.Stamp(e, at, "here")
	return e
}

func named(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "ns", Name: name}
}

func TestMemoryOfDeletedRuns(t *testing.T) {
	m := newMemory()
	e := requested("run", "a", noon)
	e.Status.Phase, e.Status.Reason = v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted
	e.Status.CompletionTime = &metav1.Time{Time: noon.Add(time.Minute)}
	m.deleted(e, noon.Add(2*time.Minute))
	want := lifecycle.PastRun{
		Name: named("run"), UID: "a", Requested: noon, Phase: v1alpha1.PhaseCompleted, Reason: v1alpha1.ReasonCompleted, Ended: noon.Add(time.Minute),
	}
	for _, later := range []time.Duration{2 * time.Minute, 2*time.Minute + remembered} {
		if got := m.find(named("run"), noon.Add(later)); got == nil || *got != want {
			t.Errorf("%s later: %+v", later, got)
		}
	}
	if got := m.find(named("other"), noon.Add(time.Minute)); got != nil {
		t.Errorf("of another name: %+v", got)
	}
	if got := m.find(named("run"), noon.Add(3*time.Minute+remembered)); got != nil || len(m.order) != 0 {
		t.Errorf("after its time: %+v, %d entries", got, len(m.order))
	}
}

// Only what a copy may repeat soon is remembered.
func TestMemoryIsOfRecentRequestsOnly(t *testing.T) {
	m := newMemory()
	old, kubectls := requested("old", "a", noon), requested("kubectl", "b", noon)
	kubectls.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerKubectl}
	m.deleted(old, noon.Add(remembered+time.Second))
	m.deleted(kubectls, noon)
	if len(m.runs) != 0 || len(m.order) != 0 {
		t.Errorf("remembered: %+v", m.runs)
	}
}

// A copy that is deleted and created again is still a copy of the first.
func TestMemoryKeepsTheOriginal(t *testing.T) {
	m := newMemory()
	first := requested("run", "a", noon)
	first.Status.Phase = v1alpha1.PhaseRunning
	m.deleted(first, noon)
	copied := requested("run", "b", noon)
	copied.Status.Phase, copied.Status.Reason = v1alpha1.PhaseFailed, v1alpha1.ReasonRestoredCopy
	m.deleted(copied, noon.Add(time.Minute))
	if got := m.find(named("run"), noon.Add(remembered+30*time.Second)); got == nil || got.UID != "a" || got.Phase != v1alpha1.PhaseRunning {
		t.Errorf("after the copy was deleted: %+v", got)
	}
	// Another request of the same name, such as that of a repeated Idempotency-Key, is another run.
	m.deleted(requested("run", "c", noon.Add(2*time.Minute)), noon.Add(2*time.Minute))
	if got := m.find(named("run"), noon.Add(2*time.Minute)); got == nil || got.UID != "c" {
		t.Errorf("after another run was deleted: %+v", got)
	}
	if got := m.find(named("run"), noon.Add(2*time.Minute+remembered)); got == nil || len(m.order) != 1 {
		t.Errorf("the newest is not remembered for its time: %+v, %d entries", got, len(m.order))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory()
	m.most = 10
	for i := range 100 {
		m.deleted(requested(fmt.Sprint("run-", i), types.UID(fmt.Sprint(i)), noon), noon)
	}
	if len(m.runs) != 10 || len(m.order) != 10 || m.find(named("run-89"), noon) != nil || m.find(named("run-90"), noon) == nil {
		t.Errorf("%d runs, %d entries", len(m.runs), len(m.order))
	}
	for range 100 {
		m.deleted(requested("same", "uid", noon), noon)
	}
	if m.find(named("same"), noon) == nil || len(m.order) > 10 {
		t.Errorf("the same again and again: %d entries", len(m.order))
	}
}
