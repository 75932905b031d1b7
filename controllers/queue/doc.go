// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package queue keeps the ledger of which executions are active and which wait. It judges with package census. It has
// no client and no clock: its callers report what they see, and it answers.
//
//	Observe: an execution was seen ──▶ waiting ──▶ active ──▶ (ended, gone)
//	                                      │  grant   ▲
//	Ask: has it a place? ─────────────────┘          │
//	Seed: Jobs that exist from before ───────────────┘
//
// All places are granted under one lock, so that parallel workers cannot grant one place twice. A place is granted
// before the Job is created, and is free again once the execution is known to have ended. So the ledger knows of Jobs
// that the cache does not show yet. Nobody polls: each change of the ledger returns the executions to reconcile because
// they got a place.
//
// The executions of one Task get places in the order of their creation, and by name within one second. If the limit of
// a namespace is reached, the oldest execution whose Task has a free place goes first. If the limit of the controller
// is reached, the namespace with the fewest active executions goes first; among equals, the namespace whose last grant
// is the oldest.
package queue
