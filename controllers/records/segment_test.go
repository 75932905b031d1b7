// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package records

import (
	"fmt"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/google/go-cmp/cmp"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// ended returns a run that ended.
func ended(name string, created time.Time) *v1alpha1.TaskExecution {
	e := &v1alpha1.TaskExecution{ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name, UID: types.UID("uid-of-" + name), CreationTimestamp: metav1.NewTime(created), Labels: map[string]string{"team": "billing"}}}
	e.Spec.TaskRef.Name = "report-export"
	e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(fmt.Sprintf(`{"mid":%q,"days":7}`, name))}
	e.Spec.Trigger = v1alpha1.Trigger{Source: v1alpha1.TriggerManual, User: "alice"}
	e.Status.Phase, e.Status.Reason = v1alpha1.PhaseCompleted, v1alpha1.ReasonCompleted
	started, completed := metav1.NewTime(created.Add(time.Second)), metav1.NewTime(created.Add(5*time.Second))
	e.Status.StartTime, e.Status.CompletionTime, e.Status.Attempts = &started, &completed, 1
	e.Status.LogSummary = &v1alpha1.LogSummary{Entries: 3, Bytes: 120, Complete: true, Archived: true}
	e.Status.Task = &v1alpha1.TaskIdentity{UID: "task-uid", Generation: 3}
	return e
}

func recordOf(e *v1alpha1.TaskExecution) *Record {
	return &Record{Version: recordVersion, Cluster: "cluster-a", RecordedAt: e.CreationTimestamp.Add(time.Minute), Execution: trimmed(e)}
}

func rowsOf(t testing.TB, n int) []row {
	t.Helper()
	var rows []row
	for i := range n {
		r, err := rowOf(recordOf(ended(fmt.Sprintf("run-%05d", i), noon.Add(-time.Duration(i)*time.Second))))
		if err != nil {
			t.Fatal(err)
		}
		r.Task = fmt.Sprintf("task-%d", i%20)
		rows = append(rows, r)
	}
	return rows
}

func TestSegmentKeepsRows(t *testing.T) {
	rows := rowsOf(t, 1200)
	raw, err := encodeSegment(rows)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows in %d bytes", len(rows), len(raw))
	file, err := openSegment(raw)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readRows[row](file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Fatal(diff)
	}
	wanted := []int{0, 1, 17, 600, 1198, 1199}
	listed, err := readExecutions(file, wanted)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range wanted {
		if listed[i] != rows[n].Execution {
			t.Errorf("row %d: got %s", n, listed[i])
		}
	}
}

func BenchmarkSegment(b *testing.B) {
	rows := rowsOf(b, MaxSegmentRows)
	raw, err := encodeSegment(rows)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			if _, err := encodeSegment(rows); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(raw)), "bytes/segment")
	})
	b.Run("keys", func(b *testing.B) {
		for b.Loop() {
			file, err := openSegment(raw)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := readKeys(file); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("100 of 20 tasks", func(b *testing.B) {
		var wanted []int
		for i := range 100 {
			wanted = append(wanted, i*20)
		}
		for b.Loop() {
			file, err := openSegment(raw)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := readExecutions(file, wanted); err != nil {
				b.Fatal(err)
			}
		}
	})
}
