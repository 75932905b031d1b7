// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

// DELETE with forget asks the controller, which removes a run from the archive and then deletes it. What it cannot do, it says.
func TestForget(t *testing.T) {
	store, of := archivedHistory(t)
	api := of.facade(store)
	if w := call(t, api, "DELETE", "/tasks/executions/b-01?forget=true", ""); w.Code != http.StatusAccepted {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if e := store.executions["b-01"]; e == nil || e.Annotations[v1alpha1.AnnotationForget] != "true" {
		t.Errorf("the run is %+v", e)
	}
	for path, c := range map[string]struct {
		status int
		says   string
	}{
		"l-active?forget=true": {http.StatusConflict, "has not ended"},
		"a-03?forget=true":     {http.StatusConflict, "taskexec-archive forget a-03 --namespace=default"},
		"none?forget=true":     {http.StatusNotFound, `no execution "none" in the cluster and in the archive`},
		"b-01?forget=yes":      {http.StatusBadRequest, "forget"},
		"b-01?forgot=true":     {http.StatusBadRequest, `"forgot" is unknown`},
	} {
		wantProblem(t, call(t, api, "DELETE", "/tasks/executions/"+path, ""), c.status, c.says)
	}
	alone := newFakeStore()
	alone.add(fixture.Execution("done", "sync", v1alpha1.PhaseCompleted))
	without := facade(alone)
	wantProblem(t, call(t, without, "DELETE", "/tasks/executions/done?forget=true", ""), http.StatusConflict, "there is no archive")
}
