// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package notify tells receivers outside of the cluster what happened to runs, and what did not happen.
// docs/decisions/0074-notifications.md says why it is built like this.
//
//	run, Task, runs before ──▶ rules ──▶ book ──▶ deliver ──▶ message ──▶ send ──▶ post ──▶ receiver
//	                           which      which    one queue   the words   the      one       ▲
//	                           events     are      a target                vendors  attempt   dial: which
//	                           there are  missing     │                                       addresses
//	                                       ▲          └─ outcome
//	                                       └─ what was written, and what is to be written
//
// rules, message and send are pure. book and deliver's queue are pure too, and take the time as a value. deliver has the
// goroutines, post the connections.
//
// The packages are not connected to the controllers yet.
package notify
