// Package queue keeps the ledger of which executions are active and which wait. It judges by the package census. It has no
// client and no clock: its callers tell it what they see, and it answers.
//
//	Observe: an execution was seen ──▶ waiting ──▶ active ──▶ (ended, gone)
//	                                      │  grant   ▲
//	Ask: is it its turn? ─────────────────┘          │
//	Seed: Jobs that exist from before ───────────────┘
//
// All turns are given under one lock, so that workers in parallel cannot give one turn twice. A turn is given
// before the Job is created and ends when the execution is known to have ended: what a cache does not show yet
// is in the ledger, and what it shows late is released late. Nobody polls: what changes the ledger returns the
// executions that are to be looked at, which are those whose turn came.
//
// Among the executions of one Task the order is that of their creation, by name within one second. Where the limit
// of a namespace binds, the oldest goes first whose own Task has room. Where the limit of the controller binds, the
// namespace with the fewest active executions goes first, among equals the one whose last turn is the longest ago.
package queue
