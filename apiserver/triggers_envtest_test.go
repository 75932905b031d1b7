// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/schedules"
)

func (l lab) liveSchedule(ctx context.Context, t *testing.T, name string) *v1alpha1.TaskSchedule {
	t.Helper()
	s := &v1alpha1.TaskSchedule{}
	if err := adminClient.Get(ctx, client.ObjectKey{Namespace: l.namespace, Name: name}, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// ticked updates a schedule's status as the controller does after a run.
func (l lab) ticked(t *testing.T, name, execution string) {
	t.Helper()
	s := l.liveSchedule(t.Context(), t, name)
	before := s.DeepCopy()
	s.Status.LastExecution, s.Status.LastScheduleTime = execution, &metav1.Time{Time: s.CreationTimestamp.Time}
	if err := adminClient.Status().Patch(t.Context(), s, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// kubectl shows what was written over REST, and the next read does, too.
func TestScheduleOverREST(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync", `{"type":"object","required":["mid"]}`)
	w := call(t, l, "POST", "/triggers/cron", `{"name":"nightly","taskName":"sync","schedule":"30 2 * * *","timeZone":"Asia/Shanghai","jitter":90000,"params":{"mid":9007199254740993}}`)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	stored := l.liveSchedule(t.Context(), t, "nightly")
	if stored.Spec.TimeZone != "Asia/Shanghai" || stored.Spec.Jitter.Seconds() != 90 || string(stored.Spec.Params.Raw) != `{"mid":9007199254740993}` {
		t.Errorf("stored %+v", stored.Spec)
	}
	for i := range 20 {
		got := ok[schedules.Schedule](t, l, "PUT", "/triggers/cron/nightly", fmt.Sprintf(`{"taskName":"sync","schedule":"%d 2 * * *","params":{"mid":1}}`, i))
		read := ok[schedules.Schedule](t, l, "GET", "/triggers/cron/nightly", "")
		list := ok[[]schedules.Schedule](t, l, "GET", "/triggers/cron", "")
		if want := fmt.Sprintf("%d 2 * * *", i); got.Schedule != want || read.Schedule != want || len(list) != 1 || list[0].Schedule != want {
			t.Fatalf("after the change to %q: %+v, then %+v and %+v", want, got, read, list)
		}
		// The controller updates the status meanwhile. That causes no conflict, and the update is not lost.
		l.ticked(t, "nightly", fmt.Sprintf("nightly-%d", i))
	}
	if got := l.liveSchedule(t.Context(), t, "nightly"); got.Status.LastExecution != "nightly-19" {
		t.Errorf("status %+v", got.Status)
	}
	if w := call(t, l, "DELETE", "/triggers/cron/nightly", ""); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	until(t, "it is gone", func() bool { return call(t, l, "GET", "/triggers/cron/nightly", "").Code == http.StatusNotFound })
}

// If several clients change the same version of a schedule, one succeeds and the others get a conflict.
func TestNoChangeOfAScheduleIsLost(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	if w := call(t, l, "POST", "/triggers/cron", `{"name":"a","taskName":"sync","schedule":"@daily"}`); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			w := call(t, l, "PUT", "/triggers/cron/a", fmt.Sprintf(`{"taskName":"sync","schedule":"%d 0 * * *","generation":1}`, i))
			switch w.Code {
			case http.StatusOK:
				won.Add(1)
				var answer schedules.Schedule
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Schedule != fmt.Sprintf("%d 0 * * *", i) {
					t.Errorf("%v %s", err, w.Body)
				}
			case http.StatusConflict:
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 || l.liveSchedule(t.Context(), t, "a").Generation != 2 {
		t.Errorf("%d changes won", won.Load())
	}
	// A toggle sets the given value, whatever others change meanwhile.
	for _, enabled := range []bool{false, true} {
		s := l.liveSchedule(t.Context(), t, "a")
		s.Spec.Schedule = fmt.Sprintf("0 %t * * *", enabled)
		if err := adminClient.Update(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		got := ok[schedules.Schedule](t, l, "POST", "/triggers/cron/a/toggle", fmt.Sprintf(`{"enabled":%t}`, enabled))
		if got.Enabled != enabled || got.Schedule != s.Spec.Schedule {
			t.Errorf("got %+v", got)
		}
	}
}

func TestTwoSchedulesOfOneName(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	made := aSchedule("a", "sync")
	l.create(t, made) // by another client: the cache may not have it yet
	wantProblem(t, call(t, l, "POST", "/triggers/cron", `{"name":"a","taskName":"sync","schedule":"@hourly"}`), http.StatusConflict, `the schedule "a" exists`)
	if got := ok[schedules.Schedule](t, l, "GET", "/triggers/cron/a", ""); got.Schedule != "@daily" || got.Ready {
		t.Errorf("got %+v", got)
	}
	if got := ok[schedules.Schedule](t, l, "POST", "/triggers/cron/a/toggle", ""); got.Enabled {
		t.Errorf("got %+v", got)
	}
}
