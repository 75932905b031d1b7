// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// audience is the token audience in config/apiserver.
const audience = "taskexec"

// account creates a ServiceAccount with the given rules. The test deletes both at its end.
func account(t *testing.T, name string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	made := []client.Object{&corev1.ServiceAccount{ObjectMeta: objectMeta(name)}}
	if len(rules) > 0 {
		made = append(made, &rbacv1.Role{ObjectMeta: objectMeta(name), Rules: rules}, &rbacv1.RoleBinding{
			ObjectMeta: objectMeta(name),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: name}},
		})
	}
	created(t, made...)
}

// created creates objects. The test deletes them at its end.
func created(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := kube.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := client.IgnoreNotFound(kube.Delete(context.Background(), o)); err != nil {
				t.Error(err)
			}
		})
	}
}

func tokenOf(t *testing.T, account string, audiences ...string) string {
	t.Helper()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: audiences, ExpirationSeconds: ptr.To[int64](3600)}}
	made, err := clientset.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Status.Token
}

func taskexecRule(resource string, names []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{"taskexec.dev"}, Resources: []string{resource}, ResourceNames: names, Verbs: verbs}
}

// apiCall is a request to one route.
type apiCall struct {
	method, path string
	body         any
}

// everyRoute returns a call for each route of a task and a run.
func everyRoute(task, id string) []apiCall {
	return []apiCall{
		{"GET", "/tasks", nil},
		{"GET", "/tasks/" + task, nil},
		{"POST", "/tasks/" + task + "/execute/manual", nil},
		{"POST", "/tasks/" + task + "/execute/api", nil},
		{"GET", "/tasks/running/execution/" + id, nil},
		{"GET", "/tasks/running/" + task, nil},
		{"GET", "/tasks/executions/" + id + "/logs", nil},
		{"GET", "/tasks/executions/" + id + "/logs?follow=true", nil},
		{"DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{id}}},
		{"DELETE", "/tasks/executions/cancel/by-task-names", map[string]any{"taskNames": []string{task}}},
		{"DELETE", "/tasks/executions/cancel/all", nil},
		{"GET", "/triggers/cron", nil},
		{"POST", "/triggers/cron", map[string]any{"name": task, "taskName": task, "schedule": "@daily"}},
		{"GET", "/triggers/cron/" + task, nil},
		{"PUT", "/triggers/cron/" + task, map[string]any{"taskName": task, "schedule": "@daily"}},
		{"DELETE", "/triggers/cron/" + task, nil},
		{"POST", "/triggers/cron/" + task + "/toggle", nil},
		{"POST", "/triggers/cron/" + task + "/run", nil},
		{"GET", "/tasks/_/" + task, nil},
		{"GET", "/tasks/executions/_/" + id, nil},
		{"GET", "/metrics", nil},
	}
}

// detail returns the detail of a problem, without the names that differ between problems.
func detail(t *testing.T, r response, names ...string) string {
	t.Helper()
	var p struct{ Detail string }
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	for _, name := range names {
		p.Detail = strings.ReplaceAll(p.Detail, `"`+name+`"`, `"NAME"`)
	}
	return p.Detail
}

// Callers without a valid token or without the right are rejected on every route, for an active run, an archived run
// and a run that does not exist. The answer does not reveal which of the three it is.
func TestCase19NobodyGetsInWhoShouldNot(t *testing.T) {
	archived := given(t, taskOf(`echo archived`))
	live := given(t, taskOf(`echo begun; exec sleep 300`))
	ended, running := execute(t, archived, nil), execute(t, live, nil)
	polled(t, ended)
	printed(t, running, "begun")
	account(t, live+"-nobody")
	account(t, live+"-other", rbacv1.PolicyRule{APIGroups: []string{"batch", ""}, Resources: []string{"*"}, Verbs: []string{"*"}})
	unknown := map[string]string{
		"no token":                  "",
		"a wrong token":             "Bearer nothing",
		"another scheme":            "Basic bm90aGluZzpub3RoaW5n",
		"a token for somebody else": "Bearer " + tokenOf(t, live+"-nobody", "somebody-else"),
	}
	mayNothing := []string{tokenOf(t, live+"-nobody", audience), tokenOf(t, live+"-other", audience)}
	about := [][2]string{{live, running}, {archived, ended}, {"not-there", "not-there"}}
	var refusals [3][]string
	for i, names := range about {
		for _, c := range everyRoute(names[0], names[1]) {
			for what, header := range unknown {
				if r := call(t, c.method, c.path, c.body, "Authorization", header); r.code != http.StatusUnauthorized || r.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s with %s: %d %s", c.method, c.path, what, r.code, r.body)
				}
			}
			for _, token := range mayNothing {
				r := call(t, c.method, c.path, c.body, "Authorization", "Bearer "+token)
				if r.code != http.StatusForbidden {
					t.Errorf("%s %s: %d %s", c.method, c.path, r.code, r.body)
				}
				refusals[i] = append(refusals[i], detail(t, r, names[:]...))
			}
		}
	}
	for i := range refusals {
		if !slices.Equal(refusals[i], refusals[2]) {
			t.Errorf("the refusals tell what is there:\n%q\n%q", refusals[i], refusals[2])
		}
	}
	// The API server's own tokens have another audience.
	if r := call(t, "GET", "/tasks", nil, "Authorization", "Bearer "+tokenOf(t, "e2e")); r.code != http.StatusUnauthorized {
		t.Errorf("a token for the API server: %d %s", r.code, r.body)
	}
	if r := call(t, "GET", "/no/such/path", nil, "Authorization", ""); r.code != http.StatusUnauthorized {
		t.Errorf("a path that is not there: %d %s", r.code, r.body)
	}
	if e := status(t, running); e.Status != "running" {
		t.Errorf("somebody cancelled it: %s", text(e))
	}
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", map[string]any{"executionIds": []string{running}})
}

// A ServiceAccount that may execute one Task can start, see and cancel the runs of this Task, and do nothing else.
func TestOneTaskOnly(t *testing.T) {
	t.Parallel()
	mine, other := given(t, taskOf(`echo begun; exec sleep 300`)), given(t, taskOf(`echo begun; exec sleep 300`))
	account(t, mine,
		taskexecRule("tasks", []string{mine}, "get", "execute"),
		taskexecRule("tasks/executions", []string{mine}, "get", "list", "cancel"),
		taskexecRule("tasks/logs", []string{mine}, "get"))
	header := "Bearer " + tokenOf(t, mine, audience)
	as := func(method, path string, body any) response {
		return call(t, method, path, body, "Authorization", header)
	}
	ofOther := execute(t, other, nil)
	var e execution
	eventually(t, "the Role holds", func() (bool, string) {
		r := as("POST", "/tasks/"+mine+"/execute/api", nil)
		return r.code == http.StatusOK && json.Unmarshal(r.body, &e) == nil, r.text()
	})
	if got := resource(t, e.ExecutionID).Spec.Trigger.User; got != "system:serviceaccount:"+namespace+":"+mine {
		t.Errorf("it was asked for by %q", got)
	}
	printed(t, e.ExecutionID, "begun")
	cancel := func(ids ...string) any { return map[string]any{"executionIds": ids} }
	for _, c := range []struct {
		method, path string
		body         any
		want         int
	}{
		{"GET", "/tasks/" + mine, nil, 200},
		{"GET", "/tasks/running/" + mine, nil, 200},
		{"GET", "/tasks/running/execution/" + e.ExecutionID, nil, 200},
		{"GET", "/tasks/executions/" + e.ExecutionID + "/logs", nil, 200},
		{"GET", "/tasks/" + other, nil, 403},
		{"POST", "/tasks/" + other + "/execute/api", nil, 403},
		{"GET", "/tasks/running/" + other, nil, 403},
		{"GET", "/tasks/running/execution/" + ofOther, nil, 403},
		{"GET", "/tasks/executions/" + ofOther + "/logs", nil, 403},
		{"DELETE", "/tasks/executions/cancel/by-ids", cancel(e.ExecutionID, ofOther), 403},
		{"DELETE", "/tasks/executions/cancel/by-task-names", map[string]any{"taskNames": []string{other}}, 403},
		{"DELETE", "/tasks/executions/cancel/all", nil, 403},
		{"DELETE", "/tasks/executions/cancel/by-ids", cancel(e.ExecutionID), 200},
	} {
		if r := as(c.method, c.path, c.body); r.code != c.want {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, r.code, r.body, c.want)
		}
	}
	if got := status(t, e.ExecutionID); got.Status != "cancelled" || got.Cancellation.RequestedBy != "system:serviceaccount:"+namespace+":"+mine {
		t.Errorf("cancelled by %s", text(got.Cancellation))
	}
	if got := status(t, ofOther); got.Status != "running" {
		t.Errorf("another Task's run: %s", text(got))
	}
	ask[any](t, "DELETE", "/tasks/executions/cancel/by-ids", cancel(ofOther))
}

// Two callers with the same Idempotency-Key get different runs.
func TestKeysOfCallersAreApart(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo hello`))
	account(t, name, taskexecRule("tasks", []string{name}, "execute"))
	header := "Bearer " + tokenOf(t, name, audience)
	ids := map[string]bool{}
	eventually(t, "both have a run", func() (bool, string) {
		for _, h := range []string{"Bearer " + token, header} {
			var e execution
			r := call(t, "POST", "/tasks/"+name+"/execute/api", nil, "Authorization", h, "Idempotency-Key", name)
			if r.code != http.StatusOK || json.Unmarshal(r.body, &e) != nil {
				return false, r.text()
			}
			ids[e.ExecutionID] = true
		}
		return true, ""
	})
	if len(ids) != 2 {
		t.Errorf("%s", fmt.Sprint(ids))
	}
}
