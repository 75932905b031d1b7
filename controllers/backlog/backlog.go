// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package backlog bounds what may wait in one namespace. A run waits while it has no Job, has not ended and was not
// cancelled: for a place, its Task, its Secret or a quota. All such runs take space in etcd and in the watch caches of
// Kubernetes, which all namespaces share. The controller and the facade both use this package, which is pure.
package backlog

import "fmt"

// Limits are the limits of one namespace. 0 means no limit.
type Limits struct {
	// Runs is how many may wait.
	Runs int
	// Bytes is the total size of the waiting runs, each as JSON with its metadata, as the API server sends it.
	Bytes int64
}

// DefaultLimits are the defaults of the flags of both programs. Bytes is an eighth of the memory limit of the
// controller's Deployment.
var DefaultLimits = Limits{Runs: 2000, Bytes: 32 << 20}

// Held is what waits in one namespace.
type Held struct {
	Runs  int
	Bytes int64
}

// Bound is a limit that a namespace has reached.
type Bound string

// These are the bounds.
const (
	// BoundRuns is Limits.Runs.
	BoundRuns Bound = "runs"
	// BoundBytes is Limits.Bytes.
	BoundBytes Bound = "bytes"
)

// Full says why one more run may not wait.
type Full struct {
	Bound Bound
	// Namespace is the full namespace.
	Namespace string
	// Used is what already waits, Size what the run would add, and Limit how much may wait: in runs or bytes, as Bound
	// says.
	Used, Size, Limit int64
}

// Judge returns why one more run of a size in bytes may not wait in a namespace, or nil if it may.
func (l Limits) Judge(namespace string, held Held, size int64) *Full {
	switch {
	case l.Runs > 0 && held.Runs >= l.Runs:
		return &Full{BoundRuns, namespace, int64(held.Runs), 1, int64(l.Runs)}
	case l.Bytes > 0 && held.Bytes+size > l.Bytes:
		return &Full{BoundBytes, namespace, held.Bytes, size, l.Bytes}
	default:
		return nil
	}
}

// Error says which bound is reached, how much is used, and what to do.
func (f *Full) Error() string {
	const advice = "wait until some have started, or cancel some"
	if f.Bound == BoundRuns {
		return fmt.Sprintf("in namespace %q %d runs wait, and at most %d may (--max-waiting-per-namespace): %s", f.Namespace, f.Used, f.Limit, advice)
	}
	return fmt.Sprintf("in namespace %q the runs that wait take %d bytes, this one would take %d, and all together may take %d (--max-waiting-bytes-per-namespace): %s, or pass less in the params, such as the address of the data",
		f.Namespace, f.Used, f.Size, f.Limit, advice)
}
