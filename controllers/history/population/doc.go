// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package population judges all executions of a Task together: it computes their figures, and which of them have
// expired. It is pure.
package population
