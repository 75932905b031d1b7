// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers wires the operator together.
//
// One execution flows through the packages like this:
//
//	           ┌─────────────────── taskexecution ──────────────────┐
//	watches ──▶│ observe ──▶ follow ──▶ decide ──▶ apply ──▶ report │──▶ status
//	           └────┬──────────┬──────────┬──────────┬──────────────┘
//	      caches,   │          │          │          └ pods and Jobs: end, delete
//	      API server┘          │          └ lifecycle: pure, Observation in, Plan out
//	             logs/follow: ─┘            ├ queue:   the ledger of who has a place and who waits
//	             how far the                ├ census:  the verdict on one more, shared with the facade
//	             log is read                ├ params:  JSON Schema, shared with the facade
//	                                        ├ logs/redact: sensitive values out of what is shown
//	                                        └ jobspec: Task and TaskExecution in, Job out
//
// taskexecution has the clients and the clock, and decides nothing. lifecycle has neither, and makes all decisions.
// observe only reads. follow starts to read the logs of the observed containers; apply stops that when the log is
// final.
//
// lifecycle decides once in a reconcile. A run without a Job is the exception: the decision may ask for a place in the
// queue, then for the creation of the Job, or for space in the backlog of its namespace. Each answer is added to the
// observation, and lifecycle decides again (taskexecution/decide.go). So the Job is created before apply.
//
// Two packages prove facts: jobseal, that the controller created a Job that no status names yet, and origin, that the
// stated origin of an execution or a schedule is true.
//
// task judges each Task when it changes (task/taskstatus), and creates the run of a change if the Task asks for that.
// history judges all runs of a Task together, at a limited pace (history/population): it computes the figures in the
// Task's status, and removes expired runs.
//
// taskschedule creates executions at the times of a TaskSchedule. It has the same steps: schedule decides, is pure, and
// is shared with the facade, which validates cron expressions with it.
//
// The reasons of failures are constants in api/v1alpha1/failurereasons.go. docs/developing/architecture.md says where
// each decision is made.
//
// A line of a log flows like this, and the facade reads it back:
//
//	kubelet ──▶ source ──▶ follow ──┬──▶ archive ──▶ bucket ──┐
//	             (who may    │      └──▶ tail ──▶ status      ├──▶ replay ──▶ apiserver
//	              read now:  │           (parsed by parse)    │
//	              turns)     └ dedup: what was read before    │
//	                                    kubelet, for the rest ┘
//
// If a Task asks for an archive without sensitive values, redact is between source and follow, so that nothing kept
// contains them. The facade then reads the archive only.
package controllers
