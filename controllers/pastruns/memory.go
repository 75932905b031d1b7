// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package pastruns

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/lifecycle"
)

const (
	// remembered is how long after its request a deleted run is remembered. A copy that is created later than
	// lifecycle.CopyAfter after the request is recognized by its creation time. The rest is for the difference of the
	// clocks, and for events that come late.
	remembered = 3 * lifecycle.CopyAfter
	// maxRemembered limits the memory to some MiB. Only runs that are deleted within minutes of their request count. If
	// more of them are, the oldest are forgotten first.
	maxRemembered = 20_000
)

// memory has the executions that were deleted soon after they were requested.
type memory struct {
	mu   sync.Mutex
	runs map[types.NamespacedName]memorized
	// order has the names in the order in which they were put into runs. A name that was put again occurs twice.
	order []put
	most  int
}

type memorized struct {
	lifecycle.PastRun
	put int
}

// put is an entry of the order. seq tells it from others of the same name.
type put struct {
	name  types.NamespacedName
	seq   int
	until time.Time
}

func newMemory() *memory {
	return &memory{runs: map[types.NamespacedName]memorized{}, most: maxRemembered}
}

// deleted remembers an execution, if it carries the time of its request and that was not long ago.
func (m *memory) deleted(e *v1alpha1.TaskExecution, now time.Time) {
	requested := e.Spec.Trigger.Time
	if requested == nil || now.Sub(requested.Time) > remembered {
		return
	}
	past := lifecycle.PastRunOf(e)
	m.mu.Lock()
	defer m.mu.Unlock()
	seq := 0
	if before, known := m.runs[past.Name]; known {
		seq = before.put + 1
		if before.Requested.Equal(past.Requested) {
			past = before.PastRun // the original says more than its copy
		}
	}
	m.runs[past.Name] = memorized{past, seq}
	m.order = append(m.order, put{past.Name, seq, now.Add(remembered)})
	m.expire(now)
}

// find returns the deleted execution of a name, or nil.
func (m *memory) find(name types.NamespacedName, now time.Time) *lifecycle.PastRun {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire(now)
	if found, known := m.runs[name]; known {
		return &found.PastRun
	}
	return nil
}

// expire forgets what is too old or too much.
func (m *memory) expire(now time.Time) {
	for len(m.order) > 0 && (len(m.order) > m.most || now.After(m.order[0].until)) {
		oldest := m.order[0]
		m.order = m.order[1:]
		if m.runs[oldest.name].put == oldest.seq {
			delete(m.runs, oldest.name)
		}
	}
}
