// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package kube

// CancelOutcome is the outcome of a cancel.
type CancelOutcome int

// The outcomes of a cancel.
const (
	// CancelNotFound: the execution does not exist.
	CancelNotFound CancelOutcome = iota
	// CancelAccepted: the execution will end as cancelled.
	CancelAccepted
	// CancelRepeated: the execution was already cancelled, and will end as such.
	CancelRepeated
	// CancelTooLate: the execution has ended.
	CancelTooLate
)
