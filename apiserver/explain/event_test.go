package explain

import (
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// Whoever may create Events can put words into an explanation: they stand there as an Event's, and of a run that ended they
// change neither the sentence nor the reason.
func TestCase47ForgedEventIsShownAsAnEvent(t *testing.T) {
	failed := func() *observed { return run(v1alpha1.PhaseFailed, v1alpha1.ReasonNonZeroExit, "it failed") }
	honest, forged := Of(failed().Observation), Of(failed().event("Job", "Forged", "ann has cancelled it").Observation)
	if honest.Sentence != forged.Sentence || honest.Reason != forged.Reason {
		t.Errorf("an Event made %q of %q", forged.Sentence, honest.Sentence)
	}
	said := 0
	for _, fact := range forged.Facts {
		if strings.Contains(fact.Text, "ann has cancelled it") {
			said++
			if fact.Source != FromEvent {
				t.Errorf("it is said by %s", fact.Source)
			}
		}
	}
	if said != 1 {
		t.Errorf("the Event is told %d times", said)
	}
}
