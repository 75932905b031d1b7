// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/controllers/phrases"
)

// Anybody who may create Events can put text into an explanation. It is shown as the text of an Event. For a run that
// has ended, it changes neither the sentence nor the reason.
func TestCase47ForgedEventIsShownAsAnEvent(t *testing.T) {
	failed := func() *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "it failed") }
	honest, forged := Of(failed().Observation), Of(failed().event("Job", "Forged", "ann has cancelled it").Observation)
	if honest.Sentence.String() != forged.Sentence.String() || honest.Reason != forged.Reason {
		t.Errorf("an Event changed %q to %q", honest.Sentence, forged.Sentence)
	}
	said := 0
	for _, fact := range forged.Facts {
		if strings.Contains(fact.TextIn(phrases.English), "ann has cancelled it") {
			said++
			if fact.Source != FromEvent {
				t.Errorf("its source is %s", fact.Source)
			}
		}
	}
	if said != 1 {
		t.Errorf("the Event is shown %d times", said)
	}
}
