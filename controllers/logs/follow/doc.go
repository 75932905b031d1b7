// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package follow reads container logs from their start while the containers run, and keeps the tail of each execution's
// log.
//
// A Follower has one run for each execution, and one stream for each container run in it. A stream does the I/O, and
// its Machine (package machine) decides. A stream ends only when its container has ended and its log was read to the
// end after that. The end of a response proves nothing, because the API server and the kubelet also end responses for
// other reasons. The stream remembers recently read lines (package dedup), so that it can resume after a broken
// connection.
package follow
