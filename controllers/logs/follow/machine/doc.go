// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package machine decides how the log of one container run is read: when to connect, what to deliver, where lines may
// be missing, and when the log is read to its end. It is pure: it has no clock, no client and no goroutine.
//
// A Machine takes an Event and returns Actions. The caller carries out the Actions, and answers the last one with the
// next Event. So the caller is a simple loop:
//
//	                 ┌───────────── Wait ◀──────────────────┐
//	                 ▼                                      │
//	Begin ──▶ TakeTurn ──▶ Connect ──▶ ReadLine ──▶ Disconnect ──▶ Finish
//	                │        ▲  │       ▲    │
//	                └ LookUp ┘  │       │    ├─ Search: is the line before this one still in the file?
//	                            │       │    ├─ LookUp: where does the file begin?
//	                            │       │    └─ ReadPiece: the rest of a long line
//	                            │       └────┘
//	                            └─ refused: Wait, or Finish when the pod is gone
//
// Each rule is a small value with its own file and tests:
//
//   - pace (rotation.go): was a file rotated away while nobody read, or while the reader was behind
//   - flow (boundary.go): did the program print fast where a file was rotated
//   - head (head.go): is something missing before the first line
//   - resumption (resume.go): does a new connection go on where the last one ended
//   - ending (ending.go): is the log read to its end
//   - long (long.go): a line that is read in pieces
//   - Flushes (flush.go): when the tail is written to the API server
//   - Silence (silence.go): when an open connection is left
package machine
