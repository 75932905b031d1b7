// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schedule decides when a TaskSchedule creates runs. It is pure: values with the time go in, and a Plan comes
// out.
//
// A tick is an instant at which a schedule is due, in whole seconds:
//
//	expression ──▶ wall clock time ──▶ instant ──▶ + jitter ──▶ when it is due
//	 (field.go)      (calendar.go)     (zone.go)   (jitter.go)     (decide.go)
//
// Ticks are searched from a time, forwards and backwards, in a bounded number of steps: no code here iterates over the
// ticks of a month.
package schedule
