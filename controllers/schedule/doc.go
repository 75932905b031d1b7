// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schedule decides when a TaskSchedule makes runs. It is pure: values go in, with the time, and a Plan
// comes out.
//
// A tick is an instant at which a schedule comes true, in whole seconds:
//
//	expression ──▶ wall clock time ──▶ instant ──▶ + jitter ──▶ when it is due
//	 (field.go)      (calendar.go)     (zone.go)   (jitter.go)     (decide.go)
//
// Ticks are looked up from a time, forwards and backwards, in a bounded number of steps: no code here walks
// through the ticks of a month.
package schedule
