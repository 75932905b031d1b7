// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apianswer

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestMessageAndCauses(t *testing.T) {
	kind := schema.GroupKind{Group: "batch", Kind: "Job"}
	image := field.Required(field.NewPath("spec", "image"), "")
	suspend := field.Invalid(field.NewPath("spec", "suspend"), 3, "must be a bool")
	policy := apierrors.NewInvalid(kind, "run-job", field.ErrorList{image})
	policy.ErrStatus.Details.Causes[0].Field = ""
	quota := apierrors.NewForbidden(schema.GroupResource{Resource: "jobs"}, "run-job", errors.New("exceeded quota"))
	for name, c := range map[string]struct {
		err             error
		message, causes string
	}{
		"no answer of an API server": {errors.New("no route"), "no route", "no route"},
		"an answer that is wrapped":  {fmt.Errorf("creating the job: %w", quota), `jobs "run-job" is forbidden: exceeded quota`, `jobs "run-job" is forbidden: exceeded quota`},
		"an answer without fields":   {quota, `jobs "run-job" is forbidden: exceeded quota`, `jobs "run-job" is forbidden: exceeded quota`},
		"one field": {
			apierrors.NewInvalid(kind, "run-job", field.ErrorList{image}),
			`Job.batch "run-job" is invalid: spec.image: Required value`, "spec.image: Required value",
		},
		"two fields": {
			apierrors.NewInvalid(kind, "run-job", field.ErrorList{image, suspend}),
			`Job.batch "run-job" is invalid: [spec.image: Required value, spec.suspend: Invalid value: 3: must be a bool]`,
			"spec.image: Required value; spec.suspend: Invalid value: 3: must be a bool",
		},
		"a policy": {policy, `Job.batch "run-job" is invalid: spec.image: Required value`, "Required value"},
	} {
		t.Run(name, func(t *testing.T) {
			if message, causes := Message(c.err), Causes(c.err); message != c.message || causes != c.causes {
				t.Errorf("message %q, causes %q; want %q, %q", message, causes, c.message, c.causes)
			}
		})
	}
}
