// Package lifecycle decides what becomes of one execution. It is pure: an Observation goes in, with the time,
// and a Plan comes out. It has no client and no clock, so that each rule is a table in a test.
//
//	  ┌──────────── at once ───────────┐
//	(new) ─▶ Queued ◀───────────▶ Pending ─────▶ Running ──▶ Completed
//	            │                    │              │   └───▶ Failed
//	            └──────────▶ Cancelling ◀───────────┘
//	                             └──▶ Cancelled
//
// Queued is back when a Job that was let go is held again, also from Running, when it is suspended while it runs. Failed and
// Cancelled may follow any of them.
//
// How a run is stopped, by a cancel or by a clock: the pod gets an activeDeadlineSeconds of 1, by which its
// kubelet ends the containers with their grace period and keeps the pod and its log files, unlike after a
// deletion. When the log is read, the end is recorded; then the Job is deleted, and its pods with it. A
// kubelet that does not answer is not waited for: see stop.go.
package lifecycle
