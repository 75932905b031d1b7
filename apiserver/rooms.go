package apiserver

// rooms answer the routes of a namespace. Each has the part of the Store that it needs.
type rooms struct {
	tasks     tasksRoom
	submit    submitRoom
	runs      runsRoom
	logs      logsRoom
	schedules schedulesRoom
	explain   explainRoom
}

// furnish gives the guard and the rooms what they need of the server.
func (s *server) furnish(o Options) {
	in := s.stores.In
	s.guard = &guard{
		gate: s.gate, stores: func(ns string) guardStore { return in(ns) }, metrics: s.metrics,
		admission: newAdmission(o.MaxInFlight), recheckInterval: s.recheckInterval, timeout: s.timeout,
	}
	s.rooms = &rooms{
		tasks: tasksRoom{stores: func(ns string) tasksStore { return in(ns) }},
		submit: submitRoom{
			stores: func(ns string) submitStore { return in(ns) }, secret: s.secret, waiting: o.Waiting,
			ownNamespace: s.ownNamespace, limited: s.metrics.limit,
		},
		runs:      runsRoom{stores: func(ns string) runsStore { return in(ns) }, timeout: s.timeout},
		logs:      logsRoom{stores: func(ns string) logsStore { return in(ns) }, logs: s.logs, timeout: s.timeout},
		schedules: schedulesRoom{stores: func(ns string) scheduleStore { return in(ns) }},
		explain:   explainRoom{stores: func(ns string) explainStore { return in(ns) }},
	}
	if s.logs != nil {
		s.rooms.runs.streams = s.logs.streams
	}
}
