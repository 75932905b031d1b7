// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package submit makes executions. A submission is what one request asks for: to run a task, to run an execution again, or
// to run a schedule now. Each takes the same way:
//
//	decode.go   what the request says
//	judge.go    whether the task takes it (judges.go: in turn with other namespaces)
//	admit.go    whether there is room for it
//	create.go   the TaskExecution, and the Secret of its sensitive params
//	answer.go   the execution, or that of an earlier request with the same Idempotency-Key
//
// A dry run stops before create and says what would happen (rehearse.go, forecast.go).
package submit
