// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
)

func TestStatsSummary(t *testing.T) {
	api := facade(newFakeStore(fixture.Task("sync"), fixture.Task("idle")).add(
		fixture.Took("a", "sync", v1alpha1.PhaseCompleted, 100), fixture.Took("b", "sync", v1alpha1.PhaseFailed, 300), fixture.Took("c", "clean", v1alpha1.PhaseCompleted, 2000),
	))
	for path, want := range map[string]string{
		"":               `{"total":3,"running":0,"completed":2,"failed":1,"cancelled":0,"avgDuration":800,"p95":2000}` + "\n",
		"?taskName=sync": `{"taskName":"sync","total":2,"running":0,"completed":1,"failed":1,"cancelled":0,"avgDuration":200,"p95":300}` + "\n",
		"?taskName=idle": `{"taskName":"idle","total":0,"running":0,"completed":0,"failed":0,"cancelled":0,"avgDuration":null,"p95":null}` + "\n",
	} {
		if w := call(t, api, "GET", "/tasks/stats/summary"+path, ""); w.Body.String() != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	wantProblem(t, call(t, api, "GET", "/tasks/stats/summary?taskName=nothing", ""), http.StatusNotFound, `there is no task "nothing"`)
}
