// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package submit

import (
	"testing"

	"github.com/taskexec/taskexec/controllers/backlog"
	"github.com/taskexec/taskexec/controllers/phrases/phrasestest"
)

func TestEachPhraseIsWholeInEachLanguage(t *testing.T) { phrasestest.Check(t, Catalog, ".") }

// The API refuses for a full backlog in the words of the controller.
func TestBacklogInTheWordsOfTheController(t *testing.T) {
	for _, bound := range []backlog.Bound{backlog.BoundRuns, backlog.BoundBytes} {
		full := &backlog.Full{Bound: bound, Namespace: "team", Used: 1, Size: 2, Limit: 3}
		if got := backlogProblem(full).Detail; got != full.Error() {
			t.Errorf("%s: %q is not %q", bound, got, full)
		}
	}
}
