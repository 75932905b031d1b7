// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package submit creates executions. A submission is one request to run a task, to run an execution again, or to run a
// schedule now. All pass the same steps:
//
//	decode.go   what the request says
//	judge.go    whether the task accepts it (paramsvalidator.go: namespaces take turns)
//	admit.go    whether the queue and the backlog take it
//	create.go   the TaskExecution, and the Secret of its sensitive params
//	answer.go   the execution, or that of an earlier request with the same Idempotency-Key
//
// A dry run stops before create and says what would happen (dryrun.go, forecast.go).
package submit
