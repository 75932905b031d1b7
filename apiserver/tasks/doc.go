// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tasks serves the Tasks of a namespace.
package tasks
