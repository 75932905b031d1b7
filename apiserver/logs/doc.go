// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package logs serves the log of an execution: a page of entries, text, or a stream that follows the log. It reads the
// archive, the pods and the part that is kept in the status, and says whether what it serves is complete.
package logs
