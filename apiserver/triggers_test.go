// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/controllers/schedule"
)

func (f *fakeStore) Schedule(_ context.Context, name string) (*v1alpha1.TaskSchedule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.schedules[name].DeepCopy(), f.failure("schedule", name)
}

func (f *fakeStore) Schedules(context.Context) (out []v1alpha1.TaskSchedule, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(f.schedules)) {
		out = append(out, *f.schedules[name].DeepCopy())
	}
	return out, f.failure("schedules", "")
}

func (f *fakeStore) CreateSchedule(_ context.Context, s *v1alpha1.TaskSchedule) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure("createSchedule", s.Name); err != nil {
		return err
	}
	if f.schedules[s.Name] != nil {
		return apierrors.NewAlreadyExists(v1alpha1.GroupVersion.WithResource("taskschedules").GroupResource(), s.Name)
	}
	s.Generation, s.CreationTimestamp = 1, metav1.NewTime(f.now)
	f.schedules[s.Name] = s.DeepCopy()
	return nil
}

func (f *fakeStore) ChangeSchedule(_ context.Context, name string, generation int64, by string, change func(*v1alpha1.TaskScheduleSpec) error) (*v1alpha1.TaskSchedule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.schedules[name]
	if err := f.failure("changeSchedule", name); err != nil || s == nil {
		return nil, err
	}
	if generation != schedules.AnyGeneration && generation != s.Generation {
		return nil, kube.ConflictOf(name)
	}
	changed := s.DeepCopy()
	if err := change(&changed.Spec); err != nil {
		return nil, err
	}
	changed.Generation++
	schedule.Sign(changed, by, changed.Generation)
	f.schedules[name] = changed
	return changed.DeepCopy(), nil
}

func (f *fakeStore) DeleteSchedule(_ context.Context, name string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, found := f.schedules[name]
	delete(f.schedules, name)
	return found, f.failure("deleteSchedule", name)
}

func aSchedule(name, task string) *v1alpha1.TaskSchedule {
	s := &v1alpha1.TaskSchedule{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 3, CreationTimestamp: metav1.NewTime(time.Date(2025, 11, 25, 0, 0, 0, 0, time.UTC))}}
	s.Spec.TaskRef.Name, s.Spec.Schedule, s.Spec.CatchUpLimit = task, "@daily", 1
	return s
}

func withSchedules(store *fakeStore, schedules ...*v1alpha1.TaskSchedule) *fakeStore {
	for _, s := range schedules {
		store.schedules[s.Name] = s
	}
	return store
}

func TestCreateSchedule(t *testing.T) {
	store := newFakeStore(fixture.Task("sync", midSchema))
	w := call(t, facade(store), "POST", "/triggers/cron", `{"name":"nightly","taskName":"sync","schedule":"30 2 * * *","timeZone":"Asia/Shanghai",
		"jitter":600000,"startingDeadline":3600000,"catchUpLimit":2,"timeout":5000,"enabled":false,"params":{"mid": 1}}`)
	if w.Code != http.StatusCreated || w.Header().Get("Location") != "/triggers/cron/nightly" || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	want := `{"name":"nightly","taskName":"sync","schedule":"30 2 * * *","timeZone":"Asia/Shanghai","enabled":false,"params":{"mid":1},` +
		`"jitter":600000,"startingDeadline":3600000,"catchUpLimit":2,"timeout":5000,"ready":false,"reason":"NotJudged",` +
		`"message":"the controller has not checked this schedule yet","generation":1,"createdAt":"2025-11-25T11:05:00Z"}` + "\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Error(diff)
	}
	spec := store.schedules["nightly"].Spec
	if !spec.Suspend || spec.Jitter.Duration != 10*time.Minute || spec.StartingDeadline.Duration != time.Hour ||
		spec.Timeout.Duration != 5*time.Second || spec.CatchUpLimit != 2 || string(spec.Params.Raw) != `{"mid": 1}` {
		t.Errorf("stored %+v", spec)
	}
	wantProblem(t, call(t, facade(store), "POST", "/triggers/cron", `{"name":"nightly","taskName":"sync","schedule":"@daily","params":{"mid":1}}`),
		http.StatusConflict, `the schedule "nightly" exists; PUT /triggers/cron/nightly changes it`)
}

func TestScheduleAsItIsSent(t *testing.T) {
	at := metav1.NewTime(time.Date(2025, 11, 25, 2, 0, 0, 0, time.FixedZone("", 3600)))
	s := aSchedule("a", "sync")
	s.Status.LastScheduleTime, s.Status.NextScheduleTime, s.Status.LastExecution = &at, &at, "a-20251125t010000z-0123456789"
	judged := func(generation int64, status metav1.ConditionStatus, reason string) *v1alpha1.TaskSchedule {
		s := s.DeepCopy()
		s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status, Reason: reason, Message: "m", ObservedGeneration: generation}}
		return s
	}
	suspended := judged(3, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	suspended.Spec.Suspend, suspended.Status.NextScheduleTime = true, nil
	for name, c := range map[string]struct {
		schedule *v1alpha1.TaskSchedule
		want     string
	}{
		"new":       {aSchedule("a", "sync"), `"enabled":true,"catchUpLimit":1,"ready":false,"reason":"NotJudged","message":"the controller has not checked this schedule yet"`},
		"ready":     {judged(3, metav1.ConditionTrue, v1alpha1.ReasonScheduled), `"enabled":true,"catchUpLimit":1,"nextRunAt":"2025-11-25T01:00:00Z","lastRunAt":"2025-11-25T01:00:00Z","lastExecutionId":"a-20251125t010000z-0123456789","ready":true`},
		"changed":   {judged(2, metav1.ConditionTrue, v1alpha1.ReasonScheduled), `"enabled":true,"catchUpLimit":1,"lastRunAt":"2025-11-25T01:00:00Z","lastExecutionId":"a-20251125t010000z-0123456789","ready":false,"reason":"NotJudged","message":"the controller has not checked this schedule yet"`},
		"no task":   {judged(3, metav1.ConditionFalse, v1alpha1.ReasonTaskNotFound), `"ready":false,"reason":"TaskNotFound","message":"m"`},
		"suspended": {suspended, `"enabled":false,"catchUpLimit":1,"lastRunAt":"2025-11-25T01:00:00Z","lastExecutionId":"a-20251125t010000z-0123456789","ready":true,"generation":3`},
	} {
		t.Run(name, func(t *testing.T) {
			store := withSchedules(newFakeStore(), c.schedule)
			one := call(t, facade(store), "GET", "/triggers/cron/a", "").Body.String()
			if !strings.Contains(one, c.want) || !strings.HasPrefix(one, `{"name":"a","taskName":"sync","schedule":"@daily","timeZone":"UTC",`) {
				t.Errorf("%s\nwant %s", one, c.want)
			}
			if list := call(t, facade(store), "GET", "/triggers/cron", "").Body.String(); list != "["+strings.TrimSuffix(one, "\n")+"]\n" {
				t.Errorf("the list is %s", list)
			}
		})
	}
	if got := call(t, facade(newFakeStore()), "GET", "/triggers/cron", "").Body.String(); got != "[]\n" {
		t.Errorf("without schedules the list is %s", got)
	}
}

// A refusal lists all errors, each with its place.
func TestSchedulesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want map[string]string
	}{
		"nothing": {`{}`, map[string]string{"/name": "is required", "/taskName": "is required", "/schedule": "is required"}},
		"nulls":   {`{"name":null,"taskName":null,"schedule":null}`, map[string]string{"/name": "is required", "/taskName": "is required", "/schedule": "is required"}},
		"types": {
			`{"name":1,"taskName":[],"schedule":{},"timeZone":8,"jitter":"10m","startingDeadline":1.5,"catchUpLimit":"x","timeout":true,"enabled":"yes"}`,
			map[string]string{
				"/name": "must be a string", "/taskName": "must be a string", "/schedule": "must be a string", "/timeZone": "must be a string",
				"/jitter": "whole number of milliseconds", "/startingDeadline": "whole number of milliseconds", "/catchUpLimit": "must be a whole number",
				"/timeout": "whole number of milliseconds", "/enabled": "must be true or false",
			},
		},
		"values": {
			`{"name":"Nightly!","taskName":"none","schedule":"61 * * * *","timeZone":"Asia/Shangai","jitter":86400001,"startingDeadline":0,"catchUpLimit":101,"timeout":999}`,
			map[string]string{
				"/name": "RFC 1123", "/taskName": `no task "none"`, "/schedule": `the minute cannot be "61"`, "/timeZone": `no time zone "Asia/Shangai"`,
				"/jitter": "from 0 to 86400000", "/startingDeadline": "from 1000", "/catchUpLimit": "from 1 to 100", "/timeout": "from 1000",
			},
		},
		"an overflow":   {`{"name":"a","taskName":"sync","schedule":"@daily","params":{"mid":1},"timeout":9223372036854775807}`, map[string]string{"/timeout": "must be from"}},
		"empty strings": {`{"name":"","taskName":"","schedule":""}`, map[string]string{"/name": "is required", "/taskName": "is required", "/schedule": "is empty"}},
		"params":        {`{"name":"a","taskName":"sync","schedule":"@daily","params":{"mid":"x","more":1}}`, map[string]string{"/params/mid": "integer", "/params/more": "not a parameter"}},
		"no params":     {`{"name":"a","taskName":"sync","schedule":"@never"}`, map[string]string{"/params/mid": "is required", "/schedule": "what begins with @ can be @yearly"}},
		"a params list": {`{"name":"a","taskName":"sync","schedule":"@daily","params":[1]}`, map[string]string{"/params": "must be"}},
	} {
		t.Run(name, func(t *testing.T) {
			store := withSchedules(newFakeStore(fixture.Task("sync", midSchema)), aSchedule("there", "sync"))
			for _, to := range [][2]string{{"POST", "/triggers/cron"}, {"PUT", "/triggers/cron/there"}} {
				got := wantProblem(t, call(t, facade(store), to[0], to[1], c.body), http.StatusBadRequest, "")
				want := maps.Clone(c.want)
				if to[0] == "PUT" {
					delete(want, "/name")
				}
				seen := map[string]bool{}
				for _, e := range got.Errors {
					if e.Pointer == "/name" && to[0] == "PUT" {
						continue
					}
					if says, expected := want[e.Pointer]; !expected || !strings.Contains(e.Detail, says) || seen[e.Pointer] {
						t.Errorf("%s: %s: %s, want %q", to[0], e.Pointer, e.Detail, says)
					}
					seen[e.Pointer] = true
				}
				if len(seen) != len(want) {
					t.Errorf("%s: errors %+v, want %v", to[0], got.Errors, want)
				}
			}
			if len(store.schedules) != 1 || store.schedules["there"].Generation != 3 {
				t.Error("a refused request did something")
			}
		})
	}
}

// A schedule must not contain sensitive params, because its readers would see them.
func TestScheduleOfSensitiveParams(t *testing.T) {
	store := newFakeStore(fixture.Task("login", `{"properties":{"user":{"type":"string"},"password":{"type":"string","writeOnly":true}}}`))
	answer := call(t, facade(store), "POST", "/triggers/cron", `{"name":"a","taskName":"login","schedule":"@daily","params":{"user":"ann","password":"hunter22"}}`)
	if body := answer.Body.String(); answer.Code != http.StatusBadRequest || !strings.Contains(body, `"/params/password"`) || strings.Contains(body, "hunter22") {
		t.Errorf("%d %s", answer.Code, body)
	}
	if len(store.schedules) > 0 {
		t.Error("it is stored")
	}
}

func TestScheduleBodies(t *testing.T) {
	store := withSchedules(newFakeStore(fixture.Task("sync")), aSchedule("there", "sync"))
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
		says    string
	}{
		"not JSON":          {`name=a`, nil, 400, "not valid JSON"},
		"a list":            {`[]`, nil, 400, "must be a JSON object"},
		"null":              {`null`, nil, 400, "not null"},
		"an unknown field":  {`{"crom":"* * * * *"}`, nil, 400, `unknown field "crom"`},
		"something after":   {`{} {}`, nil, 400, "more data after"},
		"too large":         {`{"name":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "larger than"},
		"a form":            {`{}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "application/json"},
		"from another site": {`{}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "another site"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, to := range [][2]string{{"POST", "/triggers/cron"}, {"PUT", "/triggers/cron/there"}, {"POST", "/triggers/cron/there/toggle"}, {"POST", "/triggers/cron/there/run"}} {
				wantProblem(t, call(t, facade(store), to[0], to[1], c.body, c.headers...), c.status, c.says)
			}
		})
	}
	wantProblem(t, call(t, facade(store), "POST", "/triggers/cron/there/toggle", `{"enabled":1}`), http.StatusBadRequest, "/enabled: must be true or false")
	if store.schedules["there"].Generation != 3 {
		t.Error("a refused request did something")
	}
	broken := newFakeStore(fixture.Task("sync", `{"type":"nothing"}`))
	wantProblem(t, call(t, facade(broken), "POST", "/triggers/cron", `{"name":"a","taskName":"sync","schedule":"@daily"}`), http.StatusConflict, "cannot be run until it is fixed")
}

func TestReplaceSchedule(t *testing.T) {
	s := aSchedule("a", "other")
	s.Spec.Suspend, s.Spec.Params, s.Labels = true, fixture.JSON(`{"x":1}`), map[string]string{"team": "blue"}
	store := withSchedules(newFakeStore(fixture.Task("sync")), s)
	api := facade(store)
	got := ok[schedules.Schedule](t, api, "PUT", "/triggers/cron/a", `{"taskName":"sync","schedule":"@hourly"}`)
	if got.TaskName != "sync" || got.Schedule != "@hourly" || !got.Enabled || got.Params != nil || got.Generation != 4 {
		t.Errorf("got %+v", got)
	}
	if stored := store.schedules["a"]; stored.Labels["team"] != "blue" || stored.Spec.Params != nil {
		t.Errorf("stored %+v", stored)
	}
	// A client can send back what it read. It is refused if the schedule was changed since.
	read := call(t, api, "GET", "/triggers/cron/a", "").Body.String()
	if again := ok[schedules.Schedule](t, api, "PUT", "/triggers/cron/a", read); again.Schedule != "@hourly" || again.Generation != 5 {
		t.Errorf("sent back: %+v", again)
	}
	wantProblem(t, call(t, api, "PUT", "/triggers/cron/a", read), http.StatusConflict, "changed it at the same time")
	wantProblem(t, call(t, api, "PUT", "/triggers/cron/a", `{"name":"b","taskName":"sync","schedule":"@hourly"}`), http.StatusBadRequest, `/name: must be "a"`)
	wantProblem(t, call(t, api, "PUT", "/triggers/cron/b", `{"taskName":"sync","schedule":"@hourly"}`), http.StatusNotFound, `there is no schedule "b"`)
}

func TestToggleAndDeleteSchedule(t *testing.T) {
	store := withSchedules(newFakeStore(), aSchedule("a", "sync"))
	api := facade(store)
	for _, c := range []struct {
		body    string
		enabled bool
	}{
		{"", false}, {"{}", true}, {`{"enabled":null}`, false}, {`{"enabled":false}`, false}, {`{"enabled":true}`, true}, {`{"enabled":true}`, true},
	} {
		if got := ok[schedules.Schedule](t, api, "POST", "/triggers/cron/a/toggle", c.body); got.Enabled != c.enabled || store.schedules["a"].Spec.Suspend == c.enabled {
			t.Errorf("%q: enabled %t", c.body, got.Enabled)
		}
	}
	store.fail = func(operation, name string) error {
		if operation == "changeSchedule" {
			return kube.ConflictOf(name)
		}
		return nil
	}
	wantProblem(t, call(t, api, "POST", "/triggers/cron/a/toggle", ""), http.StatusConflict, "changed it at the same time")
	w := call(t, api, "DELETE", "/triggers/cron/a", "")
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || len(store.schedules) != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantProblem(t, call(t, api, "DELETE", "/triggers/cron/a", ""), http.StatusNotFound, `there is no schedule "a"`)
}

// FuzzScheduleBodies: no body makes the facade fail.
func FuzzScheduleBodies(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"name":"a","taskName":"sync","schedule":"* * * * *"}`, `{"enabled":null}`, `{"timeout":1e99}`, `{"timeZone":"../x"}`, "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		api := facade(withSchedules(newFakeStore(fixture.Task("sync")), aSchedule("there", "sync")))
		for _, to := range [][2]string{{"POST", "/triggers/cron"}, {"PUT", "/triggers/cron/there"}, {"POST", "/triggers/cron/there/toggle"}, {"POST", "/triggers/cron/there/run"}} {
			w := call(t, api, to[0], to[1], string(body))
			switch w.Code {
			case 200, 201:
				if !json.Valid(w.Body.Bytes()) {
					t.Errorf("%s %s: %s", to[0], to[1], w.Body)
				}
			case 400, 409, 413, 415:
			default:
				t.Errorf("%s %s: %d %s", to[0], to[1], w.Code, w.Body)
			}
		}
	})
}
