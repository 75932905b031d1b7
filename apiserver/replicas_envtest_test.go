// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package apiserver

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/wire"
)

// A replica can read, repeat and cancel a run that another replica has just created, even if its own cache does not
// have the run yet.
func TestReplicasServeOneClient(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	other := l.replica(t)
	for n := range 20 {
		const path, body = "/tasks/sync/execute/api", `{"params":{"a":1}}`
		key := fmt.Sprintf("key-%d", n)
		first, replayed := submitted(t, l, path, key, body)
		if replayed {
			t.Fatal("the first sending is taken for a repetition")
		}
		id := first.ExecutionID
		if got := ok[wire.Execution](t, other, "GET", "/tasks/running/execution/"+id, ""); got.ExecutionID != id || got.Status != wire.StatusRunning {
			t.Errorf("the other replica reads %+v", got)
		}
		if again, replayed := submitted(t, other, path, key, body); !replayed || again.ExecutionID != first.ExecutionID {
			t.Errorf("the other replica takes a repetition for a new one: %+v", again)
		}
		cancelled := ok[runs.CancelByIDsResponse](t, other, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+id+`"]}`)
		if !slices.Contains(cancelled.Cancelled, id) {
			t.Errorf("the other replica cancels %+v", cancelled)
		}
		// The replica that cancelled sees the cancel at once, the other when its watch has delivered it.
		if got := ok[wire.Execution](t, other, "GET", "/tasks/running/execution/"+id, ""); got.Status != wire.StatusCancelled {
			t.Errorf("after the cancel the same replica reads %s", got.Status)
		}
		until(t, "the first replica sees the cancel of the other", func() bool {
			return ok[wire.Execution](t, l, "GET", "/tasks/running/execution/"+id, "").Status == wire.StatusCancelled
		})
		// A cancel through the first replica is the same cancel.
		if again := ok[runs.CancelByIDsResponse](t, l, "DELETE", "/tasks/executions/cancel/by-ids", `{"executionIds":["`+id+`"]}`); !slices.Contains(again.Cancelled, id) {
			t.Errorf("cancelled again at the first replica: %+v", again)
		}
	}
}

// A replica lags behind another by the delay of a watch. The test logs the delay.
func TestReplicaLag(t *testing.T) {
	l := newLab(t)
	l.task(t, "sync")
	other := l.replica(t)
	var worst time.Duration
	for n := range 20 {
		l.execute(t, "sync")
		begun := time.Now()
		until(t, "the other replica lists it", func() bool {
			return len(ok[[]wire.Execution](t, other, "GET", "/tasks/running/sync", "")) == n+1
		})
		worst = max(worst, time.Since(begun))
	}
	t.Logf("the other replica listed a run %s later at most", worst)
}
