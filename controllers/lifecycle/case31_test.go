// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"strings"
	"testing"

	"github.com/taskexec/taskexec/api/v1alpha1"
)

// The controller judges params from kubectl and Git as the facade does, in the form in which the API server stored
// them.
func TestCase31ControllerJudgesAsTheFacade(t *testing.T) {
	for name, c := range map[string]struct{ params, says string }{
		"HTML in six bytes":     {`{"a":"` + strings.Repeat(`\u003c`, v1alpha1.MaxParamsBytes-8) + `"}`, ""},
		"one more":              {`{"a":"` + strings.Repeat(`\u003c`, v1alpha1.MaxParamsBytes-7) + `"}`, "but a container gets"},
		"digits that were lost": {`{"a":12345678901234567000}`, "/a: is a whole number of more than 64 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := Decide(given().params(c.params).Observation)
			if (plan.Create != nil) != (c.says == "") {
				t.Fatalf("decided %s: %.300s", decision(plan), plan.Status.Message)
			}
			if c.says != "" && (decision(plan) != "Failed/InvalidParams" || !strings.Contains(plan.Status.Message, c.says)) {
				t.Errorf("decided %s: %.300s", decision(plan), plan.Status.Message)
			}
		})
	}
}
