// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package queue keeps the ledger of which executions are active and which wait. It judges by the package census. It has no
// client and no clock: its callers tell it what they see, and it answers.
//
//	Observe: an execution was seen ──▶ waiting ──▶ active ──▶ (ended, gone)
//	                                      │  grant   ▲
//	Ask: has it a place? ─────────────────┘          │
//	Seed: Jobs that exist from before ───────────────┘
//
// All places are granted under one lock, so that parallel workers cannot grant one place twice. A place is granted before
// the Job is created, and is free again once the execution is known to have ended. So the ledger knows of Jobs that the
// cache does not show yet. Nobody polls: each change of the ledger returns the executions that got a place and are to be
// reconciled.
//
// The executions of one Task get places in the order of their creation, and by name within one second. Where the limit of a
// namespace is reached, the oldest goes first whose Task has a free place. Where the limit of the controller is reached, the
// namespace with the fewest active executions goes first; among equals, the one that got its last place the longest ago.
package queue
