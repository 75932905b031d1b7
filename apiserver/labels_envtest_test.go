// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"net/http"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/controllers/jobspec"
)

// A run that is started with labels has them in the API server, its Job would have them there, and lists find it by
// them.
func TestLabelsInTheAPIServer(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	started := ok[submit.Started](t, l, "POST", "/tasks/sync/execute/api", `{"params":{"mid":7},"labels":{"team":"billing"}}`)
	ok[submit.Started](t, l, "POST", "/tasks/sync/execute/api", `{"params":{"mid":7}}`)
	stored := l.live(t, started.ExecutionID)
	if stored.Labels["team"] != "billing" || stored.Labels[v1alpha1.LabelTask] != "sync" {
		t.Errorf("stored with %v", stored.Labels)
	}
	task := &v1alpha1.Task{}
	if err := adminClient.Get(t.Context(), client.ObjectKey{Namespace: l.namespace, Name: "sync"}, task); err != nil {
		t.Fatal(err)
	}
	job, err := jobspec.Build(task, stored, []byte(`{"mid":7}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := adminClient.Create(t.Context(), job); err != nil || job.Labels["team"] != "billing" || job.Spec.Template.Labels["team"] != "billing" {
		t.Errorf("the Job has %v, its pods %v: %v", job.Labels, job.Spec.Template.Labels, err)
	}
	for query, want := range map[string]int{
		"label=team=billing": 1, "label=team=sales": 0, "param=mid=7": 2, "param=mid=7&label=!team": 1, "label=team&param=mid=8": 0,
	} {
		if got := ok[runs.History](t, l, "GET", "/tasks/executions/history?"+query, ""); len(got.Executions) != want {
			t.Errorf("%s finds %d runs, want %d", query, len(got.Executions), want)
		}
	}
	w := call(t, l, "POST", "/triggers/cron", `{"name":"nightly","taskName":"sync","schedule":"@daily","labels":{"team":"billing"}}`)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if run := ok[submit.Started](t, l, "POST", "/triggers/cron/nightly/run", ""); run.Labels["team"] != "billing" {
		t.Errorf("the schedule's run has %v", run.Labels)
	}
}
