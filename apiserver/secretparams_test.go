// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/submit"
)

const (
	loginSchema = `{"type":"object","required":["password"],"properties":{"user":{"type":"string"},"n":{"type":"integer"},
		"password":{"type":"string","minLength":8,"writeOnly":true},"pin":{"type":"integer","writeOnly":true}}}`
	loginPath = "/tasks/login/execute/api"
	hunter    = "hunter2hunter2"
)

// The values of sensitive params are stored in a Secret and nowhere else.
func TestExecuteWithSensitiveParams(t *testing.T) {
	store := newFakeStore(fixture.Task("login", loginSchema))
	api := facade(store)
	w := call(t, api, "POST", loginPath, `{"params":{"user":"ann","n":9007199254740993,"password":"hunter2hunter2","pin":12345678901234567890}}`)
	var answer submit.Started
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	stored := store.executions[answer.ExecutionID]
	if got := string(stored.Spec.Params.Raw); got != `{"n":9007199254740993,"user":"ann"}` {
		t.Errorf("stored params %s", got)
	}
	from := stored.Spec.SecretParams
	if from == nil || strings.Join(from.Names, " ") != "password pin" || !strings.HasPrefix(from.SecretName, stored.Name+"-") {
		t.Fatalf("stored %+v", from)
	}
	secret := store.secrets[from.SecretName]
	if len(secret) != 2 || string(secret["password"]) != hunter || string(secret["pin"]) != "12345678901234567890" {
		t.Errorf("the Secret has %q", secret)
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	read := call(t, api, "GET", "/tasks/running/execution/"+stored.Name, "").Body.String()
	list := call(t, api, "GET", "/tasks/running/login", "").Body.String()
	for where, text := range map[string]string{"the answer": w.Body.String(), "the resource": string(raw), "the execution": read, "the list": list} {
		if strings.Contains(text, hunter) || strings.Contains(text, "12345678901234567890") {
			t.Errorf("%s has a value: %s", where, text)
		}
	}
	if !strings.Contains(read, `"secretParams":["password","pin"]`) {
		t.Errorf("their names are not told: %s", read)
	}
}

func TestExecuteWithoutSensitiveParams(t *testing.T) {
	store := newFakeStore(fixture.Task("login", `{"properties":{"password":{"type":"string","writeOnly":true}}}`))
	id := ok[submit.Started](t, facade(store), "POST", loginPath, `{"params":{ "user":"ann" }}`).ExecutionID
	if stored := store.executions[id]; stored.Spec.SecretParams != nil || string(stored.Spec.Params.Raw) != `{ "user":"ann" }` || len(store.secrets) != 0 {
		t.Errorf("stored %+v, secrets %v", stored.Spec, store.secrets)
	}
}

// A refusal does not show the values, and nothing is stored.
func TestSensitiveParamsThatTheTaskDoesNotTake(t *testing.T) {
	store := newFakeStore(fixture.Task("login", loginSchema))
	api := facade(store)
	for name, body := range map[string]string{
		"too short":     `{"params":{"password":"hunter2"}}`,
		"a wrong type":  `{"params":{"password":["hunter2hunter2"]}}`,
		"a NUL":         `{"params":{"password":"hunter2hunter2\u0000"}}`,
		"another wrong": `{"params":{"password":"hunter2hunter2","user":1}}`,
		"out of range":  `{"params":{"password":"hunter2hunter2","pin":1e999}}`,
		"cut short":     `{"params":{"password":"hunter2hunter2`,
		"not a name":    `{"params":{"password":"hunter2hunter2"},"x":"hunter2hunter2"}`,
	} {
		w := call(t, api, "POST", loginPath, body, "X-Request-Id", "id") // a random id may contain any digits
		wantProblem(t, w, http.StatusBadRequest, "")
		if strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "999") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	if len(store.executions)+len(store.secrets) != 0 {
		t.Error("something was stored")
	}
}

// An execution whose Secret cannot be stored is cancelled, unless its client can repeat the request.
func TestSecretThatCannotBeStored(t *testing.T) {
	const body = `{"params":{"password":"hunter2hunter2"}}`
	down := func(operation, _ string) error {
		if operation == "secret" {
			return apierrors.NewTooManyRequests("slow down", 1)
		}
		return nil
	}
	store := newFakeStore(fixture.Task("login", loginSchema))
	store.fail = down
	wantProblem(t, call(t, facade(store), "POST", loginPath, body), http.StatusServiceUnavailable, "busy")
	if len(store.executions) != 1 {
		t.Fatalf("%d executions", len(store.executions))
	}
	for _, e := range store.executions {
		if e.Spec.Cancel == nil || !strings.Contains(e.Spec.Cancel.Reason, "could not be stored") {
			t.Errorf("left to wait: %+v", e.Spec)
		}
	}

	store = newFakeStore(fixture.Task("login", loginSchema))
	store.fail = down
	wantProblem(t, call(t, facade(store), "POST", loginPath, body, submit.HeaderIdempotencyKey, "k"), http.StatusServiceUnavailable, "busy")
	store.fail = nil
	again, replayed := submitted(t, facade(store), loginPath, "k", body)
	stored := store.executions[again.ExecutionID]
	if !replayed || stored.Spec.Cancel != nil || string(store.secrets[stored.Spec.SecretParams.SecretName]["password"]) != hunter {
		t.Errorf("the repetition did not do what was left: %+v %v", stored.Spec, store.secrets)
	}
	wantProblem(t, call(t, facade(store), "POST", loginPath, `{"params":{"password":"hunter3hunter3"}}`, submit.HeaderIdempotencyKey, "k"), http.StatusConflict, "another body")
	if len(store.secrets) != 1 || string(store.secrets[stored.Spec.SecretParams.SecretName]["password"]) != hunter {
		t.Error("another body changed the Secret")
	}
}

// Params are not passed on if they were refused because a sensitive one is among them.
func TestReadableSensitiveParamsAreNotSent(t *testing.T) {
	e := fixture.Execution("x", "login", v1alpha1.PhaseFailed)
	e.Spec.Params = fixture.JSON(`{"password":"hunter2hunter2"}`)
	e.Status.Reason = v1alpha1.ReasonSensitiveParamReadable
	for _, path := range []string{"/tasks/running/execution/x", "/tasks/running/login"} {
		if w := call(t, facade(newFakeStore().add(e)), "GET", path, ""); w.Code != http.StatusOK || strings.Contains(w.Body.String(), hunter) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}
