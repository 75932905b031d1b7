// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package jobspec builds the Job of a TaskExecution. It is pure: the same Task and TaskExecution give the same Job,
// byte for byte, so that the API server refuses to create it twice.
package jobspec
