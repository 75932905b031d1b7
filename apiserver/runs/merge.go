// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package runs

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/records"
)

// listed is a run of a list.
type listed struct {
	*v1alpha1.TaskExecution
	archived bool
	// may is what the caller may do with the run, nil if the request does not ask.
	may []string
}

// position returns the place of a run in the order of all lists.
func (l *listed) position() records.Position {
	return records.Position{Created: l.CreationTimestamp.Unix(), Name: l.Name}
}

// version returns the version of what is shown of a run. A run looks different when it is archived.
func (l *listed) version() string {
	if l.archived {
		return archivedVersion(l.TaskExecution)
	}
	return l.ResourceVersion
}

// tag returns the ETag of the run alone.
func (l *listed) tag() string {
	if l.may == nil {
		return web.TagOf(l.version())
	}
	return web.TagOfParts(append([]string{l.version()}, l.may...)...)
}

// archivedVersion returns the version of an archived run. Its record never changes.
func archivedVersion(e *v1alpha1.TaskExecution) string { return string(e.UID) + "-archived" }

// part is what one source has of a page: runs in the order of the list.
type part struct {
	runs []listed
	// until is the position up to which runs is complete, nil if it is complete to the end of the list.
	until *records.Position
}

// ordering is the order of a list.
type ordering struct{ oldestFirst bool }

func (o ordering) compare(a, b records.Position) int {
	if o.oldestFirst {
		return b.Compare(a)
	}
	return a.Compare(b)
}

// earlier returns the position that comes first. Nil is the end of the list.
func (o ordering) earlier(a, b *records.Position) *records.Position {
	if a == nil || b != nil && o.compare(*b, *a) < 0 {
		return b
	}
	return a
}

// merge returns a page of at most limit runs from the live and the archived ones, and the position before the next page, nil at the
// end. live must have been read first: a run is archived before it is removed from Kubernetes, so each run is in at least one
// part. A run in both counts once, as a live one. Runs at one position are on one page, even if there are more than limit.
//
//	live      ├─────────────────────┤ until
//	archived  ├────────────┤ until
//	page      ├────────────┤ next: beyond it, the archived part may lack runs
func (o ordering) merge(live, archived part, limit int) (page []listed, next *records.Position) {
	bound := o.earlier(live.until, archived.until)
	known := make(map[types.UID]bool, len(live.runs))
	for i := range live.runs {
		known[live.runs[i].UID] = true
	}
	left, right := live.runs, archived.runs
	for len(left)+len(right) > 0 {
		var first listed
		if len(right) == 0 || len(left) > 0 && o.compare(left[0].position(), right[0].position()) <= 0 {
			first, left = left[0], left[1:]
		} else {
			if first, right = right[0], right[1:]; known[first.UID] {
				continue
			}
		}
		at := first.position()
		if bound != nil && o.compare(at, *bound) > 0 {
			break
		}
		if n := len(page); n >= limit && page[n-1].position() != at {
			last := page[n-1].position()
			return page, &last
		}
		page = append(page, first)
	}
	return page, bound
}
