// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package explain answers why an execution does not run, why it failed, or how it ended. It gathers the facts, and
// package diagnosis judges them.
package explain
