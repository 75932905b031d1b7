// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lifecycle decides about one execution. It is pure: an Observation with the time goes in, and a Plan comes
// out. It has no client and no clock, so that tables can test each rule.
//
//	  ┌──────────── at once ───────────┐
//	(new) ─▶ Queued ◀───────────▶ Pending ─────▶ Running ──▶ Completed
//	            │                    │              │   └───▶ Failed
//	            └──────────▶ Cancelling ◀───────────┘
//	                             └──▶ Cancelled
//
// A run is Queued again when its Job is suspended again, even while it is Running. Failed and Cancelled may follow any
// phase.
//
// A cancel or a time limit stops a run by setting activeDeadlineSeconds of its pod to 1. The kubelet then ends the
// containers with their grace period. Unlike after a deletion, it keeps the pod and its log files. When the log is
// read, the end is recorded. Then the Job is deleted with its pods. A kubelet that does not answer is not waited for:
// see stop.go.
//
// decide.go has the rules in their order. Each rule has a file. clocks.go has the time limits. podmirror.go,
// conditions.go, logmirror.go and report.go build the status. pod.go, job.go, events.go and endmark.go read Kubernetes
// objects.
package lifecycle
