// Package controllers wires the operator together.
//
// One execution flows through the packages like this:
//
//	           ┌────────── taskexecution ───────────┐
//	watches ──▶│ observe ──▶ decide ──▶ apply ──▶ report │──▶ status
//	           └────┬──────────┬──────────┬─────────┘
//	      caches,   │          │          └ Jobs and pods: create, end, delete
//	      logs/follow          └ lifecycle: pure, Observation in, Plan out
//	                             ├ params:  JSON Schema, shared with the facade
//	                             └ jobspec: Task and TaskExecution in, Job out
//
// taskexecution is the hands: it has the clients and the clock, and decides nothing. lifecycle is the head: it
// has neither, and decides all. logs/follow reads container logs beside them and is asked by observe how far
// it is. task judges each Task when it changes.
package controllers
