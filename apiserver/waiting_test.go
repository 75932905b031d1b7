// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/fixture"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/backlog"
)

// If a namespace has no room for a waiting run, the run is refused before it is recorded. The answer names the limit,
// its use, and what to do. A dry run gives the same answer. A run that need not wait is accepted.
func TestCase49FullNamespaceOverREST(t *testing.T) {
	limited := fixture.Limited(v1alpha1.ConcurrencyQueue, ptr.To[int32](1), nil)
	for name, c := range map[string]struct {
		limits  backlog.Limits
		task    *v1alpha1.Task
		waiting int
		of      string
		says    string // empty if the run is accepted
	}{
		"as many as may":                        {backlog.Limits{Runs: 3}, limited, 3, "sync", `in namespace "default" 3 runs wait, and at most 3 may (--max-waiting-per-namespace)`},
		"one less":                              {backlog.Limits{Runs: 4}, limited, 3, "sync", ""},
		"bytes":                                 {backlog.Limits{Bytes: 3100}, limited, 3, "sync", "the runs that wait take 3000 bytes"},
		"room in bytes":                         {backlog.Limits{Bytes: 9000}, limited, 3, "sync", ""},
		"of a task with room":                   {backlog.Limits{Runs: 3}, limited, 3, "other", ""},
		"of a task without a limit":             {backlog.Limits{Runs: 3}, fixture.Task("sync"), 3, "other", ""},
		"which has others that wait":            {backlog.Limits{Runs: 3}, fixture.Task("sync"), 3, "sync", "3 runs wait"},
		"no limits":                             {backlog.Limits{}, limited, 500, "sync", ""},
		"a queue, as large as it is by default": {backlog.Limits{}, limited, v1alpha1.DefaultMaxQueued + 1, "sync", "the queue of the task \"sync\" is full: at most 1 run at once and 1000 wait"},
	} {
		t.Run(name, func(t *testing.T) {
			store := newFakeStore(c.task, fixture.Task("other"))
			for i := range c.waiting {
				e := fixture.Execution(fmt.Sprint("run-", i), c.of, v1alpha1.PhaseQueued)
				e.Size = 1000
				store.add(e)
			}
			options := DefaultOptions()
			options.Waiting = c.limits
			api := (&server{namespace: "default", stores: one{store}, metrics: web.NewMetrics(), logs: logs.NewReader(nil, nil, 1), timeout: time.Minute}).handler(options)
			dry := ok[submit.DryRun](t, api, "POST", "/tasks/sync/execute/api?dryRun=true", "")
			w := call(t, api, "POST", "/tasks/sync/execute/api", "")
			if c.says == "" {
				if w.Code != http.StatusOK || dry.Outcome == submit.OutcomeRefuse {
					t.Errorf("%d %s; the dry run: %+v", w.Code, w.Body, dry)
				}
				return
			}
			wantProblem(t, w, http.StatusTooManyRequests, c.says)
			if w.Header().Get("Retry-After") == "" || dry.Outcome != submit.OutcomeRefuse || dry.StatusCode != http.StatusTooManyRequests {
				t.Errorf("Retry-After %q; the dry run: %+v", w.Header().Get("Retry-After"), dry)
			}
			if len(store.executions) != c.waiting {
				t.Errorf("%d runs are recorded", len(store.executions))
			}
		})
	}
}
