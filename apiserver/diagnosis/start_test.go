// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

func TestRefused(t *testing.T) {
	cases := map[string]asked{
		"another failure": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonEvicted, ""), silent},
		"it waits for it": {run(v1alpha1.PhasePending, v1alpha1.ReasonSecretNotFound, "x"), silent},
	}
	for reason, advice := range refusals {
		cases[reason] = asked{run(v1alpha1.PhaseFailed, reason, "words of the controller"), says{reason, "before it started: words of the controller.", advice.With().String()}}
	}
	ask(t, refused, cases)
}

func TestNoJob(t *testing.T) {
	cases := map[string]asked{
		"it has one":   {run(v1alpha1.PhasePending, v1alpha1.ReasonJobCreated, ""), silent},
		"it has ended": {run(v1alpha1.PhaseFailed, v1alpha1.ReasonTaskNotFound, ""), silent},
	}
	for reason, advice := range withoutJob {
		cases[reason] = asked{run(v1alpha1.PhasePending, reason, "words"), says{reason, "It has not started yet: words.", advice.With().String()}}
	}
	ask(t, noJob, cases)
}
