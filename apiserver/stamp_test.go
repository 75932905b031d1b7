// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
)

// Each run that the facade creates carries when and in which cluster it was requested. A rerun has a time of its own,
// and not the last moment to start of the original.
func TestRunsCarryWhenAndWhereTheyWereRequested(t *testing.T) {
	for name, cluster := range map[string]*submit.Cluster{"known": submit.NewCluster("here"), "not known yet": submit.NewCluster(""), "none": nil} {
		t.Run("cluster "+name, func(t *testing.T) {
			original := ran(`{"mid":1}`)
			long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
			original.Spec.NotAfter = &metav1.Time{Time: long}
			original.Spec.Trigger.Time, original.Spec.Trigger.Cluster = &metav1.MicroTime{Time: long}, "another"
			store := withSchedules(newFakeStore(fixture.Task("sync", midSchema)).add(original), scheduled(`{"mid":1}`))
			api := (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), timeout: time.Minute, cluster: cluster}).handler(DefaultOptions())
			times := map[time.Time]bool{}
			for _, path := range []string{"/tasks/sync/execute/manual", "/tasks/sync/execute/api", rerunPath, runPath} {
				body := ""
				if path != rerunPath && path != runPath {
					body = `{"params":{"mid":1}}`
				}
				stored := store.executions[ok[submit.Started](t, api, "POST", path, body).ExecutionID]
				fixture.Unstamped(t, stored)
				if stored.Spec.Trigger.Cluster != cluster.ID() || stored.Spec.NotAfter != nil {
					t.Errorf("%s: %+v, not after %s", path, stored.Spec.Trigger, stored.Spec.NotAfter)
				}
				times[stored.Spec.Trigger.Time.Time] = true
			}
			if len(times) != 4 {
				t.Errorf("4 requests have the times %v", times)
			}
		})
	}
}

// A request with a key that was used for a run, which was deleted since, is a new request: its run has another time.
func TestRepeatedKeyOfADeletedRunIsANewRequest(t *testing.T) {
	store := newFakeStore(fixture.Task("sync"))
	api := facade(store)
	request := func() *v1alpha1.TaskExecution {
		w := call(t, api, "POST", "/tasks/sync/execute/api", "{}", submit.HeaderIdempotencyKey, "once")
		if w.Code != 200 || len(store.executions) != 1 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, e := range store.executions {
			return e
		}
		return nil
	}
	first := request()
	if again := request(); again != first {
		t.Errorf("the repetition created %+v", again)
	}
	delete(store.executions, first.Name)
	if next := request(); next.Name != first.Name || next.Spec.Trigger.Time.Equal(first.Spec.Trigger.Time) {
		t.Errorf("after the deletion: %s at %s, before %s at %s", next.Name, next.Spec.Trigger.Time, first.Name, first.Spec.Trigger.Time)
	}
}
