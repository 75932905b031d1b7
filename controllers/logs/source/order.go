// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"strings"
	"time"
)

// Order places a container run among the runs of an execution. Runs are ordered by the start of their containers; runs
// of the same second by pod, by the order in which the containers of a pod start, and by restart.
type Order struct {
	StartedAt time.Time
	Pod       string
	Place     int
	Container string
	Restart   int32
}

// Compare returns a negative number if o comes before p, a positive one if it comes after, and otherwise 0.
func (o Order) Compare(p Order) int {
	return cmp.Or(o.StartedAt.Compare(p.StartedAt), strings.Compare(o.Pod, p.Pod), cmp.Compare(o.Place, p.Place),
		strings.Compare(o.Container, p.Container), cmp.Compare(o.Restart, p.Restart))
}

// Order returns the run's place among the runs of its execution.
func (c *ContainerRun) Order() Order {
	return Order{StartedAt: c.StartedAt, Pod: c.Pod, Place: c.Place, Container: c.Container, Restart: c.Restart}
}
