// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lifecycle decides about one execution. It is pure: an Observation goes in, with the time, and a Plan comes out. It
// has no client and no clock, so that each rule is tested by a table.
//
//	  ┌──────────── at once ───────────┐
//	(new) ─▶ Queued ◀───────────▶ Pending ─────▶ Running ──▶ Completed
//	            │                    │              │   └───▶ Failed
//	            └──────────▶ Cancelling ◀───────────┘
//	                             └──▶ Cancelled
//
// A run is Queued again when its Job is suspended again, also while it is Running. Failed and Cancelled may follow any of them.
//
// A cancel or a time limit stops a run like this: its pod gets an activeDeadlineSeconds of 1. The kubelet then ends the
// containers with their grace period, and keeps the pod and its log files, which it would not after a deletion. When the log
// is read, the end is recorded; then the Job is deleted, and its pods with it. A kubelet that does not answer is not waited
// for: see stop.go.
//
// decide.go has the rules in their order. Each rule is a file. clocks.go has the time limits; podmirror.go, conditions.go,
// logmirror.go and report.go make the status; pod.go, job.go, events.go and endmark.go read what Kubernetes says.
package lifecycle
