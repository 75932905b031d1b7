// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/params"
)

// This table maps each error to its status.
func TestProblemOf(t *testing.T) {
	executions := schema.GroupResource{Group: "taskexec.dev", Resource: "taskexecutions"}
	kind := schema.GroupKind{Group: "taskexec.dev", Kind: "TaskExecution"}
	for name, c := range map[string]struct {
		err    error
		status int
		says   string
		retry  bool
	}{
		"a problem":               {web.Problemf(http.StatusTeapot, "short"), 418, "short", false},
		"a body too large":        {&http.MaxBytesError{Limit: 5}, 413, "larger than 5 bytes", false},
		"params":                  {params.FieldErrors{{Pointer: "/a", Message: "is required"}}, 400, "/a: is required", false},
		"a deadline":              {context.DeadlineExceeded, 503, "did not answer in time", true},
		"too many requests":       {apierrors.NewTooManyRequests("x", 1), 503, "busy", true},
		"a server timeout":        {apierrors.NewServerTimeout(executions, "list", 1), 503, "busy", true},
		"a gateway timeout":       {apierrors.NewTimeoutError("x", 1), 503, "busy", true},
		"a server away":           {apierrors.NewServiceUnavailable("x"), 503, "busy", true},
		"a server that is down":   {&url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, 503, "cannot be reached", true},
		"a cache that is not up":  {&cache.ErrCacheNotStarted{}, 503, "starting", true},
		"what Kubernetes refuses": {apierrors.NewInvalid(kind, "x", nil), 400, "Kubernetes rejected the request", false},
		"a bad request":           {apierrors.NewBadRequest("no"), 400, "no", false},
		"a conflict":              {apierrors.NewConflict(executions, "x", errors.New("y")), 409, "try again", false},
		"no permission":           {apierrors.NewForbidden(executions, "x", errors.New(`User "facade" cannot create resource "taskexecutions" in API group "taskexec.dev"`)), 500, "service account is not allowed to do this", false},
		"a policy":                {apierrors.NewForbidden(executions, "x", errors.New("ValidatingAdmissionPolicy 'office-hours' denied request: not now")), 403, "'office-hours' denied request: not now", false},
		"a full quota":            {apierrors.NewForbidden(executions, "x", errors.New("exceeded quota: small, requested: count/taskexecutions.taskexec.dev=1, used: 3, limited: 3")), 429, "exceeded quota: small, requested: count/taskexecutions.taskexec.dev=1, used: 3, limited: 3", true},
		"a quota that is new":     {apierrors.NewForbidden(executions, "x", errors.New("status unknown for quota: small, resources: count/taskexecutions.taskexec.dev")), 429, "status unknown", true},
		"a namespace that goes":   {terminating(executions), 409, "being deleted", false},
		"no identity":             {apierrors.NewUnauthorized("expired"), 500, "service account", false},
		"no namespace":            {apierrors.NewNotFound(executions, "x"), 500, "--namespace", false},
		"all else":                {errors.New("secret detail"), 500, "its log has the details", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{c.err, fmt.Errorf("doing this: %w", c.err), errors.Join(c.err, errors.New("other"))} {
				recorder := newRecorder()
				web.ProblemOf(err).Write(recorder, "id")
				wantProblem(t, recorder, c.status, c.says)
				if got := recorder.Header().Get("Retry-After") != ""; got != c.retry {
					t.Errorf("Retry-After %t, want %t", got, c.retry)
				}
			}
		})
	}
}

func terminating(resource schema.GroupResource) error {
	err := apierrors.NewForbidden(resource, "x", errors.New("unable to create new content in namespace default because it is being terminated"))
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	return err
}

// One problem answers several requests at once: each answer has its own request id, and the problem stays as it was.
func TestProblemOfSeveralRequests(t *testing.T) {
	p := web.Problemf(http.StatusForbidden, "no")
	before := *p
	for _, id := range []string{"first", "second"} {
		w := httptest.NewRecorder()
		p.Write(w, id)
		var got web.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.RequestID != id || got.Title != "Forbidden" || got.Detail != "no" {
			t.Errorf("%s: %v in %s", id, err, w.Body)
		}
	}
	if !reflect.DeepEqual(*p, before) {
		t.Errorf("the problem was changed to %+v", p)
	}
}

// Every endpoint that uses Kubernetes reports its errors.
func TestEveryEndpointTellsOfFailure(t *testing.T) {
	for _, c := range []struct{ operation, method, path, body string }{
		{"tasks", "GET", "/tasks", ""},
		{"task", "GET", "/tasks/sync", ""},
		{"task", "POST", "/tasks/sync/execute/manual", ""},
		{"create", "POST", "/tasks/sync/execute/api", ""},
		{"executions", "POST", "/tasks/sync/execute/api?dryRun=true", ""},
		{"execution", "POST", "/tasks/executions/x/rerun", ""},
		{"execution", "GET", "/tasks/executions/x/explain", ""},
		{"execution", "GET", "/tasks/running/execution/x", ""},
		{"history", "GET", "/tasks/running/sync", ""},
		{"history", "GET", "/tasks/executions", ""},
		{"history", "GET", "/tasks/stats/summary", ""},
		{"history", "GET", "/tasks/watch", ""},
		{"history", "GET", "/tasks/executions/x/watch", ""},
		{"execution", "GET", "/tasks/executions/x/watch", ""},
		{"execution", "GET", "/tasks/executions/x", ""},
		{"delete", "DELETE", "/tasks/executions/x", ""},
		{"task", "GET", "/tasks/running/sync", ""},
		{"cancel", "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["x"]}`},
		{"executions", "DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["sync"]}`},
		{"task", "DELETE", "/tasks/executions/cancel/by-task-names", `{"taskNames":["sync"]}`},
		{"executions", "DELETE", "/tasks/executions/cancel/all", ""},
		{"schedules", "GET", "/triggers/cron", ""},
		{"schedule", "GET", "/triggers/cron/x", ""},
		{"task", "POST", "/triggers/cron", `{"name":"x","taskName":"sync","schedule":"@daily"}`},
		{"createSchedule", "POST", "/triggers/cron", `{"name":"x","taskName":"sync","schedule":"@daily"}`},
		{"schedule", "PUT", "/triggers/cron/x", `{"taskName":"sync","schedule":"@daily"}`},
		{"schedule", "POST", "/triggers/cron/x/toggle", ""},
		{"deleteSchedule", "DELETE", "/triggers/cron/x", ""},
	} {
		store := newFakeStore(fixture.Task("sync"))
		store.fail = func(operation, _ string) error {
			if operation == c.operation {
				return apierrors.NewServiceUnavailable("away")
			}
			return nil
		}
		wantProblem(t, call(t, facade(store), c.method, c.path, c.body), http.StatusServiceUnavailable, "busy")
	}
}
