// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/schedule"
)

// trigger is the trigger of an execution in the REST API.
type trigger struct {
	Name            string     `json:"name"`
	Enabled         bool       `json:"enabled"`
	Ready           bool       `json:"ready"`
	NextRunAt       *time.Time `json:"nextRunAt"`
	LastRunAt       *time.Time `json:"lastRunAt"`
	LastExecutionID string     `json:"lastExecutionId"`
}

// scheduled creates a schedule over REST. The test deletes it at its end.
func scheduled(t *testing.T, body map[string]any) *v1alpha1.TaskSchedule {
	t.Helper()
	r := call(t, "POST", "/triggers/cron", body)
	if r.code != http.StatusCreated {
		t.Fatalf("creating a schedule: %d %s", r.code, r.body)
	}
	s := &v1alpha1.TaskSchedule{}
	s.Namespace, s.Name = namespace, body["name"].(string)
	read(t, s)
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(kube.Delete(context.Background(), s)); err != nil {
			t.Error(err)
		}
	})
	return s
}

func runsOf(t *testing.T, s *v1alpha1.TaskSchedule) []v1alpha1.TaskExecution {
	t.Helper()
	list := &v1alpha1.TaskExecutionList{}
	if err := kube.List(t.Context(), list, client.InNamespace(namespace),
		client.MatchingLabels{v1alpha1.LabelScheduleUID: string(s.UID)}); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.TaskExecution) int { return tickOf(t, &a).Compare(tickOf(t, &b)) })
	return list.Items
}

func tickOf(t *testing.T, e *v1alpha1.TaskExecution) time.Time {
	t.Helper()
	tick, err := time.Parse(time.RFC3339, e.Annotations[v1alpha1.AnnotationScheduledAt])
	if err != nil {
		t.Fatalf("execution %s: %v", e.Name, err)
	}
	return tick
}

// A schedule has a tick each second while the controller is killed twice. The schedule catches up on every tick: each
// tick from the first to the last has exactly one run with exactly one pod, and no run was created twice.
func TestScheduleTicksThroughKills(t *testing.T) {
	name := given(t, taskOf(`echo "run of $TASK_EXECUTION_ID"`))
	made, err := kube.Watch(t.Context(), &v1alpha1.TaskExecutionList{}, client.InNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	defer made.Stop()
	added := additions(made)
	s := scheduled(t, map[string]any{"name": name, "taskName": name, "schedule": "* * * * * *", "catchUpLimit": 100})
	for kill := range 3 {
		enough := len(runsOf(t, s)) + 4
		eventually(t, "the schedule makes runs", func() (bool, string) {
			n := len(runsOf(t, s))
			return n >= enough, text(n)
		})
		if kill < 2 {
			killController(t)
		}
	}
	if off := ask[trigger](t, "POST", "/triggers/cron/"+name+"/toggle", map[string]any{"enabled": false}); off.Enabled {
		t.Errorf("switched off: %s", text(off))
	}
	// The controller may still be creating runs for missed ticks. It reports when it is done.
	var runs []v1alpha1.TaskExecution
	eventually(t, "the schedule is off and knows its last run", func() (bool, string) {
		off := ask[trigger](t, "GET", "/triggers/cron/"+name, nil)
		runs = runsOf(t, s)
		newest := &runs[len(runs)-1]
		return off.Ready && !off.Enabled && off.NextRunAt == nil && off.LastExecutionID == newest.Name && off.LastRunAt.Equal(tickOf(t, newest)), text(off)
	})
	once := seenOnce(t, added, len(runs), s)
	for i := range runs {
		e, tick := &runs[i], tickOf(t, &runs[i])
		if i > 0 && tick.Sub(tickOf(t, &runs[i-1])) != time.Second {
			t.Errorf("after the tick of %s comes that of %s", tickOf(t, &runs[i-1]), tick)
		}
		if e.Name != schedule.ExecutionName(s.Name, s.UID, tick) || once[e.Name] != e.UID {
			t.Errorf("the run %s of %s was made as %s", e.Name, tick, once[e.Name])
		}
		if got := polled(t, e.Name); got.Status != "completed" || got.Attempts != 1 {
			t.Errorf("%s: %s", e.Name, text(got))
		}
		pods := resource(t, e.Name).Status.Pods
		if len(pods) != 1 || pods[0].StartTime.Time.Before(tick) || len(jobsOf(t, string(e.UID))) > 1 {
			t.Errorf("the run of %s had the pods %s", tick, text(pods))
		}
	}
	t.Logf("%d ticks, one run each", len(runs))
}

// additions returns the executions that a watch reports as added. It reads the watch all the time, because the API
// server closes a watch that nobody reads.
func additions(made watch.Interface) <-chan *v1alpha1.TaskExecution {
	added := make(chan *v1alpha1.TaskExecution, 1000)
	go func() {
		defer close(added)
		for event := range made.ResultChan() {
			if e, ok := event.Object.(*v1alpha1.TaskExecution); ok && event.Type == watch.Added {
				added <- e
			}
		}
	}()
	return added
}

// seenOnce returns the UID of each of the first n runs of a schedule. It requires that none was created twice.
func seenOnce(t *testing.T, added <-chan *v1alpha1.TaskExecution, n int, s *v1alpha1.TaskSchedule) map[string]types.UID {
	t.Helper()
	seen := map[string]types.UID{}
	for len(seen) < n {
		e, open := <-added
		if !open {
			t.Fatalf("the watch of executions ended after %d of %d runs", len(seen), n)
		}
		if e.Labels[v1alpha1.LabelScheduleUID] != string(s.UID) {
			continue
		}
		if before, twice := seen[e.Name]; twice {
			t.Errorf("%s was made as %s and as %s", e.Name, before, e.UID)
		}
		seen[e.Name] = e.UID
	}
	return seen
}

// A schedule is suspended with kubectl and resumed over REST. It does not catch up, and its history stays after it is
// deleted.
func TestScheduleSuspendedResumedAndDeleted(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`true`))
	s := scheduled(t, map[string]any{"name": name, "taskName": name, "schedule": "*/2 * * * * *", "timeZone": "Asia/Shanghai", "catchUpLimit": 100})
	eventually(t, "it makes runs", func() (bool, string) { n := len(runsOf(t, s)); return n >= 1, text(n) })
	kubectl(t, "", "patch", "tsch", name, "--type=merge", "-p", `{"spec":{"suspend":true}}`)
	kubectl(t, "", "wait", "--for=jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=Suspended", "--timeout=60s", "tsch/"+name)
	before := len(runsOf(t, s))
	later := time.Now().Add(5 * time.Second)
	eventually(t, "ticks go by", func() (bool, string) { return time.Now().After(later), "" })
	resumed := time.Now().Truncate(time.Second)
	ask[trigger](t, "POST", "/triggers/cron/"+name+"/toggle", nil)
	eventually(t, "it makes runs again", func() (bool, string) { n := len(runsOf(t, s)); return n > before, text(n) })
	if first := tickOf(t, &runsOf(t, s)[before]); first.Before(resumed) {
		t.Errorf("resumed at %s, it ran the tick of %s", resumed, first)
	}
	if r := call(t, "DELETE", "/triggers/cron/"+name, nil); r.code != http.StatusNoContent {
		t.Fatalf("deleting: %d %s", r.code, r.body)
	}
	for _, e := range runsOf(t, s) {
		if got := polled(t, e.Name); got.Status != "completed" {
			t.Errorf("%s: %s", e.Name, text(got))
		}
	}
}
