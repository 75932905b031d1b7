// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// A run that was deleted with kubectl is still read over REST, with its params, its Task and its whole log, and is in the history.
// When it is forgotten, nothing of it is left.
func TestDeletedRunIsReadFromTheArchive(t *testing.T) {
	t.Parallel()
	task := given(t, taskOf(`for i in 1 2 3; do echo "line $i"; done`))
	kept, forgotten := execute(t, task, params{"mid": "7"}), execute(t, task, nil)
	for _, id := range []string{kept, forgotten} {
		if e := polled(t, id); e.Status != "completed" {
			t.Fatalf("it ended as %s", text(e))
		}
	}
	listed := func(id string) (bool, string) {
		r := call(t, "GET", "/tasks/executions/history?taskName="+task, nil)
		return strings.Contains(string(r.body), `"executionId":"`+id+`"`), r.text()
	}
	eventually(t, "the run is recorded", func() (bool, string) {
		found, err := filepath.Glob(filepath.Join(nodeFolder(t), "archive/.taskexec/*/runs", namespace, kept, "*.json"))
		return err == nil && len(found) == 1, text(found)
	})
	kubectl(t, "", "delete", "te", kept)
	eventually(t, "the deleted run is read from the archive", func() (bool, string) {
		r := call(t, "GET", "/tasks/executions/"+kept, nil)
		return r.code == http.StatusOK && strings.Contains(string(r.body), `"archived":true`) && strings.Contains(string(r.body), `"mid":"7"`), r.text()
	})
	eventually(t, "it is in the history", func() (bool, string) { return listed(kept) })
	if r := call(t, "GET", "/tasks/executions/"+kept+"/logs", nil); r.code != http.StatusOK || strings.Count(string(r.body), "line ") != 3 {
		t.Errorf("its log: %s", r.text())
	}
	if r := call(t, "GET", "/tasks/executions/"+kept+"/task", nil); r.code != http.StatusOK || !strings.Contains(string(r.body), task) {
		t.Errorf("its Task: %s", r.text())
	}
	if r := call(t, "DELETE", "/tasks/executions/"+forgotten+"?forget=true", nil); r.code != http.StatusAccepted {
		t.Fatalf("forgetting: %s", r.text())
	}
	eventually(t, "the forgotten run is nowhere", func() (bool, string) {
		r := call(t, "GET", "/tasks/executions/"+forgotten, nil)
		there, _ := listed(forgotten)
		return r.code == http.StatusNotFound && !there, r.text()
	})
}
