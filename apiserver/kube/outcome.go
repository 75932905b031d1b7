package kube

// CancelOutcome is what became of a cancel.
type CancelOutcome int

// The outcomes of a cancel.
const (
	// CancelNotFound: there is no such execution.
	CancelNotFound CancelOutcome = iota
	// CancelAccepted: it will end as cancelled.
	CancelAccepted
	// CancelRepeated: it was cancelled before, and will end so.
	CancelRepeated
	// CancelTooLate: it has ended.
	CancelTooLate
)
