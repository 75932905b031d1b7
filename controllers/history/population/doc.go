// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package population judges all executions of a Task together: what they add up to, and which are kept no longer. It is
// pure: executions and the time go in, figures and names come out.
package population
