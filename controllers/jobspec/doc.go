// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package jobspec says which Job a TaskExecution becomes. It is pure: the same Task and TaskExecution give
// the same Job, byte for byte, so that making it twice is noticed by the API server.
package jobspec
