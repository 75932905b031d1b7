// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// tail is what one kind of run keeps of its log.
type tail struct {
	what string
	// share is how many of a hundred runs have it.
	share int
	// bytes is its size in JSON, with entries of entryBytes.
	bytes, entryBytes int
}

// tails are what runs keep of their logs. The two larger ones are as large as spec.logs.maxBytes of a Task is by default,
// and at most.
var tails = []tail{
	{"10 lines", 60, 10 * 160, 160},
	{"a tail of the default size, 16 KiB", 39, 16 << 10, 16 << 10 / 100},
	{"the largest tail, 256 KiB", 1, 256 << 10, 256 << 10 / 1000},
}

// entries returns the tail as JSON.
func (t tail) entries(tb testing.TB) json.RawMessage {
	tb.Helper()
	var entries []v1alpha1.LogEntry
	for n := range t.bytes / t.entryBytes {
		e := v1alpha1.LogEntry{Timestamp: metav1.NewMicroTime(logStart.Add(time.Duration(n) * 10 * time.Millisecond)), Level: v1alpha1.LogInfo}
		bare, err := json.Marshal(e)
		if err != nil {
			tb.Fatal(err)
		}
		e.Message = (fmt.Sprintf("copied part %d ", n) + strings.Repeat("x", t.entryBytes))[:t.entryBytes-len(bare)]
		entries = append(entries, e)
	}
	raw, err := json.Marshal(entries)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// manyRuns is an API server that has only completed runs. It makes each when it is asked for it, so that it needs no memory.
type manyRuns struct {
	tb   testing.TB
	runs int
	// tails has the tails as JSON, one for each of a hundred runs.
	tails []json.RawMessage
}

func newManyRuns(tb testing.TB, runs int) *manyRuns {
	tb.Helper()
	m := &manyRuns{tb: tb, runs: runs}
	for _, t := range tails {
		raw := t.entries(tb)
		for range t.share {
			m.tails = append(m.tails, raw)
		}
	}
	return m
}

// start returns the configuration of a client. The server ends with the test.
func (m *manyRuns) start() *rest.Config {
	server := httptest.NewServer(m)
	m.tb.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, QPS: -1}
}

const kindsPath = "/apis/taskexec.dev/v1alpha1"

// ServeHTTP answers what a watch cache asks: for the kinds, and for a watch that begins with all objects.
func (m *manyRuns) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	kind, _ := strings.CutPrefix(r.URL.Path, kindsPath+"/namespaces/default/")
	switch {
	case r.URL.Path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case r.URL.Path == "/apis":
		const version = `{"groupVersion":"taskexec.dev/v1alpha1","version":"v1alpha1"}`
		fmt.Fprintf(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"taskexec.dev","versions":[%s],"preferredVersion":%s}]}`, version, version)
	case r.URL.Path == kindsPath:
		var kinds []string
		for name, kind := range map[string]string{"tasks": "Task", "taskexecutions": "TaskExecution", "taskschedules": "TaskSchedule"} {
			kinds = append(kinds, fmt.Sprintf(`{"name":%q,"singularName":"","namespaced":true,"kind":%q,"verbs":["get","list","watch"]}`, name, kind))
		}
		fmt.Fprintf(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"taskexec.dev/v1alpha1","resources":[%s]}`, strings.Join(kinds, ","))
	case r.URL.Query().Get("watch") == "true" && r.URL.Query().Get("sendInitialEvents") == "true":
		for i := range m.runs {
			if kind == "taskexecutions" {
				fmt.Fprintf(w, `{"type":"ADDED","object":%s}`+"\n", m.run(i))
			}
		}
		fmt.Fprintf(w, `{"type":"BOOKMARK","object":{"kind":%q,"apiVersion":"taskexec.dev/v1alpha1","metadata":{"resourceVersion":"%d","annotations":{%q:"true"}}}}`+"\n",
			map[string]string{"tasks": "Task", "taskexecutions": "TaskExecution", "taskschedules": "TaskSchedule"}[kind], m.runs+1, metav1.InitialEventsAnnotationKey)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	default:
		http.Error(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`, http.StatusNotFound)
	}
}

// run returns a completed run as JSON, as the facade and the controller leave it.
func (m *manyRuns) run(i int) []byte {
	id := func(what int) string { return fmt.Sprintf("c0ffee00-0000-4000-%04d-%012d", what, i) }
	e := &v1alpha1.TaskExecution{
		TypeMeta: metav1.TypeMeta{APIVersion: "taskexec.dev/v1alpha1", Kind: "TaskExecution"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: fmt.Sprintf("sync-%d-%08d", i%20, i), UID: types.UID(id(0)), ResourceVersion: fmt.Sprint(i + 1), Generation: 1,
			CreationTimestamp: metav1.NewTime(logStart),
			Labels:            map[string]string{"team": "billing", "env": "production"},
			Annotations:       map[string]string{v1alpha1.AnnotationRequestID: id(1), v1alpha1.AnnotationTraceparent: "00-" + strings.ReplaceAll(id(2), "-", "") + "-00f067aa0ba902b7-01"},
			ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: "taskexec-apiserver", Operation: "Update", APIVersion: "taskexec.dev/v1alpha1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(
					`{"f:metadata":{"f:annotations":{".":{},"f:taskexec.dev/request-id":{},"f:taskexec.dev/traceparent":{}},"f:labels":{".":{},"f:env":{},"f:team":{}}},"f:spec":{".":{},"f:params":{},"f:taskRef":{".":{},"f:name":{}},"f:trigger":{".":{},"f:source":{},"f:time":{},"f:user":{}}}}`)},
				{Manager: "taskexec-controller", Operation: "Update", APIVersion: "taskexec.dev/v1alpha1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:status":{}}`), Subresource: "status"},
			},
		},
	}
	e.Spec.TaskRef.Name = fmt.Sprint("sync-", i%20)
	e.Spec.Params = fixture.JSON(fmt.Sprintf(`{"mid":%d,"full":false,"source":"s3://bucket/folder/%d.csv"}`, i, i))
	e.Spec.Trigger = v1alpha1.Trigger{
		Source: v1alpha1.TriggerAPI, User: "system:serviceaccount:billing:pipeline", Time: ptr.To(metav1.NewMicroTime(logStart)), Cluster: "c0ffee00-0000-4000-0000-000000000000",
	}
	e.Status = completedStatus(e, id)
	raw, err := json.Marshal(e)
	if err != nil {
		m.tb.Error(err)
	}
	logs := fmt.Sprintf(`"status":{"logs":%s,`, m.tails[i*37%len(m.tails)]) // the kinds alternate
	return bytes.Replace(raw, []byte(`"status":{`), []byte(logs), 1)
}

// completedStatus returns the status of a completed run, without its tail.
func completedStatus(e *v1alpha1.TaskExecution, id func(what int) string) v1alpha1.TaskExecutionStatus {
	begin, end := metav1.NewTime(logStart), metav1.NewTime(logStart.Add(time.Minute))
	s := v1alpha1.TaskExecutionStatus{
		ObservedGeneration: 1, Phase: v1alpha1.PhaseCompleted, Reason: v1alpha1.ReasonCompleted, Message: "the Job completed",
		StartTime: &begin, CompletionTime: &end, Duration: "1m0s", Attempts: 1, ExitCode: ptr.To[int32](0), Origin: v1alpha1.OriginProven,
		Task: &v1alpha1.TaskIdentity{UID: types.UID("c0ffee00-0000-4000-0001-" + e.Spec.TaskRef.Name), Generation: 1},
		Job:  &v1alpha1.JobIdentity{Name: e.Name + "-0123456789", UID: types.UID(id(4))},
		Pods: []v1alpha1.PodMirror{{
			Name: e.Name + "-0123456789-abcde", UID: types.UID(id(5)), Deciding: true, Phase: "Succeeded", Node: "node-0",
			StartTime: &begin, FinishTime: &end, ExitCode: ptr.To[int32](0), Reason: "Completed",
		}},
		LogSummary: &v1alpha1.LogSummary{Entries: 100, Bytes: 16 << 10, Complete: true, Archived: true},
	}
	for condition, reason := range map[string]string{
		v1alpha1.ConditionSucceeded: v1alpha1.ReasonCompleted, v1alpha1.ConditionLogsCaptured: "Complete",
	} {
		apimeta.SetStatusCondition(&s.Conditions, metav1.Condition{
			Type: condition, Status: metav1.ConditionTrue, Reason: reason, Message: "the Job completed", ObservedGeneration: 1, LastTransitionTime: end,
		})
	}
	return s
}
