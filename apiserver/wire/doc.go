// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wire has the JSON forms of executions and Tasks, and converts resources to them. It is pure.
package wire
