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
//   - pace (rotationpace.go): was a file rotated away while nobody read, or while the reader was behind
//   - flow (rotationflow.go): did the program print fast where a file was rotated
//   - head (head.go): is something missing before the first line
//   - resumption (resume.go): does a new connection go on where the last one ended
//   - ending (ending.go): is the log read to its end
//   - long (long.go): a line that is read in pieces
//   - Flushes (flush.go): when the tail is written to the API server
//   - Silence (silence.go): when an open connection is left
//
// Where the API does not tell two cases apart, a gap is recorded. So there may be a gap where nothing is missing. For
// example, the file is rotated after the last line, and the response ends within the container's last second (the pod's
// status has whole seconds). It is the same to us whether the container ended then, or printed one more line, had its
// file rotated, and ended.
//
// One loss cannot be seen. When the API server loses its connection to the kubelet, it ends our response as if the log
// ended there (StreamObject ignores the error of its copy). Such a response is a beginning of the whole one. If a plain
// read ends so exactly after the last known line, its bytes are those of a log that ends with this line, and we take
// them for its end. No other request decides this for each log: sinceTime and limitBytes only make a response shorter,
// and tailLines counts the pieces in which the runtime wrote the lines. The loss takes two faults at the same line: one
// ends the reading there, and one cuts the plain read that should confirm the end.
//
// Another loss can only be guessed. A program prints a whole file before we connect, the file is rotated, and it prints
// no more: its log looks like that of a silent program. A gap is recorded if it had enough time (likelyPrint). If an
// earlier controller had begun to read and left no line, none is recorded, so that a restart of the controller does not
// make the logs of all silent programs incomplete.
package machine
