// Package controllers wires the operator together.
//
// One execution flows through the packages like this:
//
//	           ┌────────── taskexecution ───────────┐
//	watches ──▶│ observe ──▶ decide ──▶ apply ──▶ report │──▶ status
//	           └────┬──────────┬──────────┬─────────┘
//	      caches,   │          │          └ Jobs and pods: create, end, delete
//	      logs/follow          └ lifecycle: pure, Observation in, Plan out
//	                             ├ queue:   the ledger of who is active and who waits
//	                             ├ census:  the verdict on one more, shared with the facade
//	                             ├ params:  JSON Schema, shared with the facade
//	                             ├ logs/redact: sensitive values out of what is shown
//	                             └ jobspec: Task and TaskExecution in, Job out
//
// Two things are asked beside that: jobseal, whether the controller made a Job that no status names yet, and origin, whether
// what an execution or a schedule says of where it came from is proven.
//
// taskexecution is the hands: it has the clients and the clock, and decides nothing. lifecycle is the head: it
// has neither, and decides all. logs/follow reads container logs beside them and is asked by observe how far
// it is. task judges each Task when it changes, and runs it where it asks for that. Before a Job is created, queue is
// asked whether it is its turn. history looks at all runs of a Task at a measured pace: the figures in its status, and
// which runs are kept no longer.
//
// taskschedule makes executions at the times of a TaskSchedule, in the same four steps: schedule is its head, pure,
// and shared with the facade, which judges expressions by it.
//
// A line of a log flows like this, and the facade reads it back:
//
//	kubelet ──▶ source ──▶ follow ──┬──▶ archive ──▶ bucket ──┐
//	             (who may    │      └──▶ tail ──▶ status      ├──▶ replay ──▶ apiserver
//	              read now:  │           (parsed by parse)    │
//	              turns)     └ cursor: what was read before   │
//	                                    kubelet, for the rest ┘
//
// Where a Task asks for an archive without sensitive values, redact stands between source and follow, so that all that is
// kept is without them; the facade then reads the archive only.
package controllers
