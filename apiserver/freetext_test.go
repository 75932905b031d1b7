// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// hostileText contains characters that can fake other text: line breaks, direction marks, escape sequences.
const hostileText = "done\n\nStatus: approved by admin\u202e\u2066evil\u2069\u200f\u2028next\u0085line\x1b[31m red"

// harmlessText reports whether a text is one line without such characters.
func harmlessText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
	})
}

// The reason of a cancel is shown as one line without control characters.
func TestCase61ReasonOfACancel(t *testing.T) {
	sent, err := json.Marshal(strings.ReplaceAll(strings.ReplaceAll(hostileText, "\x1b[31m", ""), "\u0085", ""))
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"by-ids": `{"executionIds":["a"],"reason":` + string(sent) + `}`, "by-task-names": `{"taskNames":["sync"],"reason":` + string(sent) + `}`, "all": `{"reason":` + string(sent) + `}`,
	} {
		store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning))
		if w := call(t, facade(store), "DELETE", "/tasks/executions/cancel/"+path, body); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		if got := store.executions["a"].Spec.Cancel.Reason; !harmlessText(got) || !strings.Contains(got, "done Status") {
			t.Errorf("%s records %q", path, got)
		}
	}
}

// REST shows text that was written with kubectl as one line without control characters.
func TestCase61FreeTextOfOthers(t *testing.T) {
	e := fixture.Execution("a", "sync", v1alpha1.PhaseRunning)
	e.Annotations = map[string]string{v1alpha1.AnnotationRerunOf: hostileText}
	e.Spec.Trigger.User, e.Spec.Trigger.Name = hostileText, hostileText
	e.Spec.Cancel = &v1alpha1.CancelRequest{Reason: hostileText, RequestedBy: hostileText}
	cancelled := e.DeepCopy()
	cancelled.Name, cancelled.Status.Phase = "b", v1alpha1.PhaseCancelled
	cancelled.Status.Cancellation = &v1alpha1.Cancellation{Reason: hostileText, RequestedBy: hostileText}
	api := facade(newFakeStore(fixture.Task("sync")).add(e, cancelled))
	for _, id := range []string{"a", "b"} {
		for _, path := range []string{"/tasks/running/execution/" + id, "/tasks/executions/" + id} {
			w := ok[wire.Execution](t, api, "GET", path, "")
			for _, text := range []string{w.RerunOf, w.Trigger.User, w.Trigger.Name, w.Cancellation.Reason, w.Cancellation.RequestedBy} {
				if text == "" || !harmlessText(text) {
					t.Errorf("%s shows %q", path, text)
				}
			}
		}
	}
}

// Each route that takes a body refuses a duplicate key, at the top level and below.
func TestCase61KeysThatStandTwice(t *testing.T) {
	store := newFakeStore(fixture.Task("sync")).add(fixture.Execution("a", "sync", v1alpha1.PhaseRunning))
	store.schedules["nightly"] = &v1alpha1.TaskSchedule{}
	store.schedules["nightly"].Name, store.schedules["nightly"].Spec.TaskRef.Name = "nightly", "sync"
	api := facade(store)
	bodies := 0
	for _, route := range (&rooms{}).routes() {
		if route.method == http.MethodGet || strings.HasSuffix(route.pattern, "/toggle") || route.method == http.MethodDelete && !strings.Contains(route.pattern, "/cancel/") || strings.HasPrefix(route.pattern, "/triggers/cron/{name}") && route.method == http.MethodDelete {
			continue // it takes no body
		}
		bodies++
		path, _, _ := strings.Cut(examplePath(route), "?")
		for _, body := range []string{
			`{"params":{},"params":{}}`, `{"params":{"a":1,"a":2}}`, `{"reason":"x","reason":"y"}`, `{"executionIds":["a"],"executionIds":["b"]}`,
			`{"taskNames":["sync"],"taskNames":["sync"]}`, `{"name":"n","name":"m","taskName":"sync","schedule":"@daily"}`, `{"params":{},"par\u0061ms":{"a":1}}`,
		} {
			if w := call(t, api, route.method, path, body); w.Code != http.StatusBadRequest {
				t.Errorf("%s %s with %s: %d %s", route.method, path, body, w.Code, w.Body)
			}
		}
	}
	if bodies < 9 {
		t.Errorf("%d routes take a body", bodies)
	}
	if store.executions["a"].Spec.Cancel != nil || len(store.executions) != 1 {
		t.Error("something was done")
	}
}
