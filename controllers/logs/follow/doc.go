// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package follow reads container logs from their start for as long as the containers run, and keeps the tail of each
// execution's log.
//
// A Follower has one run for each execution, and one stream for each container run in it. A stream does the I/O; its Machine
// (package machine) decides. A stream ends only when its container is known to have ended and its log was read to the end
// after that. The end of a response proves nothing: the API server and the kubelet also end responses for other reasons. The
// stream remembers the lines that it read lately (package dedup), so that it goes on there after a broken connection.
package follow
