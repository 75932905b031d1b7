// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"

	"github.com/taskexec/taskexec/controllers/phrases/phrasestest"
)

func TestEachPhraseIsWholeInEachLanguage(t *testing.T) { phrasestest.Check(t, Catalog, ".") }
