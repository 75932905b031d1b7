// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"testing"
	"time"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/queue"
)

func TestQueueClock(t *testing.T) {
	clock := func(d time.Duration) *scene { return given().queueTimeout(d) } // it is one minute old
	refused := clock(time.Minute).phase(v1alpha1.PhasePending, v1alpha1.ReasonJobRefused)
	waited := clock(time.Minute).queued(7, "Task", v1alpha1.ReasonConcurrencyLimit)
	late := hourOld().place(queue.Answer{Granted: true, Since: noon.Add(-time.Minute)})
	late.Start = StartResult{StartRefused, "exceeded quota"}
	table{
		"before it strikes":                      {clock(time.Minute + time.Second), "/ create", ""},
		"when it strikes":                        {clock(time.Minute), "Failed/QueueTimeout", "queueTimeout of 1m0s"},
		"it says what was waited for":            {waited, "Failed/QueueTimeout", "queueTimeout of 1m0s: as it was"},
		"a Job that was refused had its turn":    {refused, "Pending/JobRefused create", ""},
		"and waits on the start clock from then": {late, "Pending/JobRefused in 10s", "exceeded quota"},
		"with a Job it is past":                  {clock(time.Second).job(), "Pending/JobCreated in 4m30s", ""},
	}.run(t)
}
