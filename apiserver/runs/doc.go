// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package runs reads, watches, cancels and deletes executions.
package runs
