// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestNotRunOfTicks(t *testing.T) {
	suspended := v1alpha1.ReasonSuspended
	missed := func(ago time.Duration) Missed { return Missed{noon.Add(-ago), noon, suspended} }
	for name, c := range map[string]struct {
		m      Missed
		t      Told
		goesOn bool
		due    bool
		wait   time.Duration
	}{
		"none":                    {Missed{}, Told{}, false, false, 0},
		"a minute late":           {missed(time.Minute), Told{}, false, false, 4 * time.Minute},
		"late":                    {missed(Grace), Told{}, false, true, 0},
		"the same reason goes on": {missed(time.Hour), Told{noon.Add(-2 * time.Hour), suspended}, true, false, 22 * time.Hour},
		"it goes on for a day":    {missed(time.Hour), Told{noon.Add(-24 * time.Hour), suspended}, true, true, 0},
		"it goes on for a day, and the tick is new": {missed(time.Minute), Told{noon.Add(-24 * time.Hour), suspended}, true, false, 4 * time.Minute},
		"it ended and came again":                   {missed(time.Hour), Told{noon.Add(-2 * time.Hour), suspended}, false, true, 0},
		"another reason":                            {missed(time.Hour), Told{noon.Add(-2 * time.Hour), v1alpha1.ReasonTaskNotFound}, true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if due, wait := JudgeTicks(noon, c.m, c.t, c.goesOn); due != c.due || wait != c.wait {
				t.Errorf("got %v after %v, want %v after %v", due, wait, c.due, c.wait)
			}
		})
	}
}
