// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/rand"
)

// A repeated request starts only one run, even if that run has ended.
func TestIdempotentSubmit(t *testing.T) {
	t.Parallel()
	name := given(t, taskOf(`echo "mid $TASK_PARAM_MID"`))
	path, key := "/tasks/"+name+"/execute/api", `"`+rand.String(20)+`"`
	submit := func(mid int) response {
		return call(t, "POST", path, map[string]any{"params": params{"mid": mid}}, "Idempotency-Key", key)
	}
	var first, again execution
	if err := json.Unmarshal(submit(1).body, &first); err != nil {
		t.Fatal(err)
	}
	if e := polled(t, first.ExecutionID); e.Status != "completed" {
		t.Fatalf("want completed, got %s", text(e))
	}
	r := submit(1)
	if err := json.Unmarshal(r.body, &again); err != nil {
		t.Fatal(err)
	}
	if again.ExecutionID != first.ExecutionID || again.Status != "completed" || r.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repetition got %s", r.text())
	}
	if r := submit(2); r.code != 409 || !strings.Contains(string(r.body), first.ExecutionID) {
		t.Errorf("another body with the same key got %d %s", r.code, r.text())
	}
	if list := ask[[]execution](t, "GET", "/tasks/running/"+name, nil); len(list) != 1 {
		t.Errorf("want one execution, got %s", text(list))
	}
}
