// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wire has executions and Tasks as they are sent, and makes them of the resources. It is pure.
package wire
