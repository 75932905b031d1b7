// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"testing"
	"time"
)

func TestOrder(t *testing.T) {
	base := Order{StartedAt: noon, Pod: "b", Place: 1, Container: "b", Restart: 1}
	for name, c := range map[string]struct {
		change func(o *Order)
		want   int
	}{
		"the same":                        {func(*Order) {}, 0},
		"started later":                   {func(o *Order) { o.StartedAt, o.Pod = noon.Add(time.Second), "a" }, -1},
		"another pod":                     {func(o *Order) { o.Pod, o.Place = "a", 9 }, 1},
		"a container that starts later":   {func(o *Order) { o.Place, o.Container, o.Restart = 2, "a", 0 }, -1},
		"an archive that knows no places": {func(o *Order) { o.Container, o.Restart = "a", 9 }, 1},
		"a later start of the container":  {func(o *Order) { o.Restart = 2 }, -1},
	} {
		other := base
		c.change(&other)
		if there, back := base.Compare(other), other.Compare(base); there != c.want || back != -c.want {
			t.Errorf("%s: %d, and back %d; want %d", name, there, back, c.want)
		}
	}
}
