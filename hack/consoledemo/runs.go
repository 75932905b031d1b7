// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// kind is how the runs of one Task are.
type kind struct {
	task, params string
	source       v1alpha1.TriggerSource
	// typical is how long a run takes. failures of 100 runs fail.
	typical  time.Duration
	failures int
	every    time.Duration
}

// invented returns runs of the last twelve weeks until now. They are the same for the same time.
func invented(now time.Time) []*v1alpha1.TaskExecution {
	random := rand.New(rand.NewPCG(1, 2))
	var runs []*v1alpha1.TaskExecution
	for _, k := range []kind{
		{"user-space-sync", `{"mid":12345,"force":false}`, v1alpha1.TriggerSchedule, 42 * time.Second, 4, 24 * time.Hour},
		{"report-export", `{"space":"rd","format":"csv","days":7}`, v1alpha1.TriggerManual, 95 * time.Second, 9, 11 * time.Hour},
		{"certificate-check", ``, v1alpha1.TriggerSchedule, 3 * time.Second, 22, 6 * time.Hour},
		{"feishu-sync", `{"tenant":"ou_7d8a"}`, v1alpha1.TriggerAPI, 8 * time.Second, 2, 5 * time.Hour},
		{"customer-data-warehouse-incremental-reconciliation", `{"source":"db.internal","mode":"report","window":{"days":7}}`, v1alpha1.TriggerManual, 11 * time.Minute, 15, 70 * time.Hour},
	} {
		for age := 84 * 24 * time.Hour; age > 30*time.Minute; age -= k.every {
			created := now.Add(-age).Add(time.Duration(random.IntN(1200)) * time.Second)
			took := time.Duration(float64(k.typical) * (0.6 + random.ExpFloat64()*0.5))
			e := aRun(k, len(runs), created)
			switch n := random.IntN(100); {
			case n < k.failures:
				failed(e, took)
			case n == 99:
				cancelled(e, took)
			default:
				completed(e, took)
			}
			runs = append(runs, e)
		}
	}
	return append(runs, active(now, len(runs))...)
}

// active returns runs that go on or wait.
func active(now time.Time, n int) (runs []*v1alpha1.TaskExecution) {
	export := kind{task: "report-export", params: `{"space":"finance","format":"json","days":31}`, source: v1alpha1.TriggerManual}
	for i := range 6 {
		e := aRun(export, n+i, now.Add(-time.Duration(400-i*50)*time.Second))
		if i < 2 {
			e.Status.Phase, e.Status.Attempts = v1alpha1.PhaseRunning, 1
			begin(e, 4*time.Second)
			e.Status.Logs = lines(e.Status.StartTime.Time, 40, false)
		} else {
			e.Status.Phase, e.Status.Reason = v1alpha1.PhaseQueued, "Queued"
			e.Status.Queue = &v1alpha1.QueueStatus{Position: int32(i - 1), BlockedBy: v1alpha1.BlockedByTask}
		}
		runs = append(runs, e)
	}
	return runs
}

func aRun(k kind, n int, created time.Time) *v1alpha1.TaskExecution {
	id := fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(n)*2654435761, n*7919%65536, n%4096, n*31%4096, n*1299709)
	e := &v1alpha1.TaskExecution{}
	e.APIVersion, e.Kind = v1alpha1.GroupVersion.String(), "TaskExecution"
	e.Name, e.Namespace, e.UID, e.Generation = id, namespace, types.UID(id), 1
	e.CreationTimestamp = metav1.NewTime(created)
	if n%3 == 0 {
		e.Labels = map[string]string{"team": []string{"billing", "sales"}[n%2]}
	}
	e.Spec.TaskRef.Name = k.task
	if k.params != "" {
		e.Spec.Params = &apiextensionsv1.JSON{Raw: []byte(k.params)}
	}
	e.Spec.Trigger = v1alpha1.Trigger{Source: k.source, User: "system:serviceaccount:default:taskexec-user"}
	if k.source == v1alpha1.TriggerSchedule {
		e.Spec.Trigger.Name = map[string]string{"user-space-sync": "user-space-sync-nightly", "certificate-check": "certificate-check-hourly"}[k.task]
	}
	e.Status.ObservedGeneration = 1
	return e
}

// begin says that a run started some time after it was created, in one pod.
func begin(e *v1alpha1.TaskExecution, after time.Duration) {
	start := metav1.NewTime(e.CreationTimestamp.Add(after))
	e.Status.StartTime = &start
	e.Status.Pods = []v1alpha1.PodMirror{{Name: e.Name[:8] + "-k7x2p", UID: e.UID, Phase: "Running", Node: "node-3", StartTime: &start}}
}

func end(e *v1alpha1.TaskExecution, took time.Duration, phase v1alpha1.Phase, reason, message string, exit int32) {
	begin(e, 3*time.Second)
	finish := metav1.NewTime(e.Status.StartTime.Add(took).Truncate(time.Second))
	s := &e.Status
	s.Phase, s.Reason, s.Message, s.ExitCode, s.CompletionTime, s.Attempts = phase, reason, message, &exit, &finish, 1
	pod := &s.Pods[0]
	pod.FinishTime, pod.ExitCode, pod.Phase, pod.Deciding = &finish, &exit, map[bool]string{true: "Succeeded", false: "Failed"}[exit == 0], true
	s.Logs = lines(s.StartTime.Time, 60, exit != 0)
	s.Conditions = []metav1.Condition{{Type: "LogsCaptured", Status: metav1.ConditionTrue, Reason: "Complete", ObservedGeneration: 1, LastTransitionTime: finish}}
	s.LogSummary = &v1alpha1.LogSummary{Entries: int64(len(s.Logs)), Bytes: int64(len(s.Logs)) * 74, Complete: true}
}

func completed(e *v1alpha1.TaskExecution, took time.Duration) {
	end(e, took, v1alpha1.PhaseCompleted, "Completed", "", 0)
	e.Status.Result = &apiextensionsv1.JSON{Raw: []byte(`{"records":42,"skipped":3}`)}
}

func failed(e *v1alpha1.TaskExecution, took time.Duration) {
	end(e, took, v1alpha1.PhaseFailed, "NonZeroExit", `the container "main" ended with exit code 3`, 3)
	first := e.Status.Pods[0]
	again := metav1.NewTime(first.FinishTime.Add(10 * time.Second))
	finish := metav1.NewTime(again.Add(took / 2))
	second := first
	second.Name, second.StartTime, second.FinishTime, first.Deciding = e.Name[:8]+"-q9wzn", &again, &finish, false
	e.Status.Pods, e.Status.CompletionTime, e.Status.Attempts = []v1alpha1.PodMirror{first, second}, &finish, 2
}

func cancelled(e *v1alpha1.TaskExecution, took time.Duration) {
	end(e, took, v1alpha1.PhaseCancelled, "Cancelled", "", 143)
	e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: "wrong month", RequestedBy: "system:serviceaccount:default:taskexec-user"}
	e.Status.Cancellation = &v1alpha1.Cancellation{
		RequestedBy: e.Spec.Cancel.RequestedBy, Reason: e.Spec.Cancel.Reason, AcknowledgedTime: *e.Status.CompletionTime, CompletionTime: e.Status.CompletionTime, Outcome: "graceful",
	}
}

// lines returns a log with levels, colours, structured data and Chinese.
func lines(from time.Time, n int, fails bool) (entries []v1alpha1.LogEntry) {
	texts := []struct {
		level         v1alpha1.LogLevel
		message, data string
	}{
		{"info", "connecting to db.internal:5432", ""},
		{"debug", "pool: 8 connections, 2 idle", ""},
		{"info", "\x1b[32mOK\x1b[0m 读取第 %d 页，共 200 条记录", ""},
		{"info", "page %d done", `{"page":17,"records":200,"took":"184ms","cursor":"b3Vfnzg="}`},
		{"warn", "user skipped: no e-mail address", `{"user":{"id":"ou_7d8a","name":"张三"}}`},
	}
	for i := range n {
		t := texts[min(i, 2+i%3)]
		message := t.message
		if t.message == texts[2].message || t.message == texts[3].message {
			message = fmt.Sprintf(t.message, i)
		}
		entry := v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(from.Add(time.Duration(i) * 310 * time.Millisecond)), Level: t.level, Message: message, Container: "main"}
		if t.data != "" {
			entry.Data = &apiextensionsv1.JSON{Raw: []byte(t.data)}
		}
		entries = append(entries, entry)
	}
	if fails {
		entries = append(entries, v1alpha1.LogEntry{
			Timestamp: metav1.NewMicroTime(from.Add(time.Duration(n) * 310 * time.Millisecond)), Level: "error", Container: "main",
			Message: "export failed: the warehouse refused the connection (57P03: the database system is starting up)",
			Data:    &apiextensionsv1.JSON{Raw: []byte(`{"stack":"export.py:118\nwarehouse.py:42\npsycopg/connection.py:97","retryable":true}`)},
		})
	}
	return entries
}
