// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"runtime"
	"time"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/compare"
	"github.com/taskexec/taskexec/apiserver/explain"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/runs"
	"github.com/taskexec/taskexec/apiserver/schedules"
	"github.com/taskexec/taskexec/apiserver/session"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/tasks"
)

// rooms serve the routes of a namespace. Each has its part of the Store.
type rooms struct {
	tasks     tasks.Handlers
	submit    submit.Handlers
	runs      runs.Handlers
	logs      logs.Handlers
	schedules schedules.Handlers
	explain   explain.Handlers
	compare   compare.Handlers
}

// furnish builds the guard and the rooms.
func (s *server) furnish(o Options) {
	in, validator := s.stores.In, submit.NewParamsValidator(runtime.GOMAXPROCS(0))
	s.guard = &access.Guard{
		Gate: s.gate, Stores: func(ns string) access.Store { return in(ns) }, Metrics: s.metrics,
		Past:      s.past,
		Admission: access.NewAdmission(o.MaxInFlight), RecheckInterval: s.recheckInterval, Timeout: s.timeout,
	}
	s.furnishSession(o)
	s.rooms = &rooms{
		tasks: tasks.Handlers{Stores: func(ns string) tasks.Store { return in(ns) }},
		submit: submit.Handlers{
			Stores: func(ns string) submit.Store { return in(ns) }, Validator: validator, Secret: s.secret, Past: s.past, Cluster: s.cluster, Waiting: o.Waiting,
			OwnNamespace: s.ownNamespace, Limited: s.metrics.Limit,
		},
		runs:      runs.Handlers{Stores: func(ns string) runs.Store { return in(ns) }, Past: s.past, Timeout: s.timeout},
		logs:      logs.Handlers{Stores: func(ns string) logs.Store { return in(ns) }, Logs: s.logs, Past: s.past, Timeout: s.timeout},
		schedules: schedules.Handlers{Stores: func(ns string) schedules.Store { return in(ns) }, Validator: validator, Past: s.past},
		explain:   explain.Handlers{Stores: func(ns string) explain.Store { return in(ns) }, Past: s.past},
	}
	s.rooms.compare = compare.Handlers{Stores: func(ns string) compare.Store { return in(ns) }, Runs: &s.rooms.runs, Logs: &s.rooms.logs, Past: s.past}
	if s.logs != nil {
		s.rooms.runs.Streams = s.logs.Streams
	}
}

// furnishSession builds what logs browsers in. Without a secret that all replicas share, a session is valid only for this
// process.
func (s *server) furnishSession(o Options) {
	secret, codes := s.secret, s.codes
	if secret == nil {
		secret, codes = submit.RandomSecret(), &session.InMemory{}
	}
	s.session = session.Handlers{Cookies: session.Cookies{Keys: secret.Key, Now: time.Now}, Guard: s.guard, Codes: codes}.With(o.OIDC)
	s.guard.Sessions = s.session.Cookies
}
