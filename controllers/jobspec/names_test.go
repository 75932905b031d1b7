// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package jobspec

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// longName is the longest name that Kubernetes allows for an object.
var longName = strings.Repeat("a", validation.DNS1123SubdomainMaxLength)

func TestJobName(t *testing.T) {
	cases := map[string]struct {
		execution string
		want      string // without the hash
	}{
		"a UUID is kept whole": {
			"550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000",
		},
		"a short name is kept whole":                   {"a", "a"},
		"dots become dashes, for a host name has none": {"nightly.sync.1", "nightly-sync-1"},
		"a name of 41 characters is kept whole":        {strings.Repeat("a", 41), strings.Repeat("a", 41)},
		"one of 42 is cut":                             {strings.Repeat("a", 42), strings.Repeat("a", 41)},
		"one of 253 is cut":                            {longName, strings.Repeat("a", 41)},
		"the cut does not leave a dash before the dash": {
			strings.Repeat("a", 39) + "--bcd", strings.Repeat("a", 39),
		},
		"nor a dot":                     {strings.Repeat("a", 40) + ".bcd", strings.Repeat("a", 40)},
		"a name may begin with a digit": {"0.9", "0-9"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := JobName(c.execution, "uid")
			if want := c.want + "-" + hash("uid"); got != want {
				t.Errorf("JobName(%q) = %q, want %q", c.execution, got, want)
			}
			// The name is also the pod's host name and the value of the label job-name. The label is the strictest.
			for _, problem := range validation.IsDNS1123Label(got) {
				t.Errorf("%q: %s", got, problem)
			}
		})
	}
}

func TestJobNameTellsExecutionsApart(t *testing.T) {
	seen := map[string]types.UID{}
	for _, uid := range []types.UID{"1", "2", "3", ""} {
		name := JobName(longName, uid)
		if other, taken := seen[name]; taken {
			t.Errorf("executions %q and %q have one Job name %q", uid, other, name)
		}
		seen[name] = uid
	}
	if first, second := JobName("a", "1"), JobName("a", "1"); first != second {
		t.Error("one execution has two Job names")
	}
}

func TestLabelValue(t *testing.T) {
	cases := map[string]struct {
		name string
		want string
	}{
		"what fits is itself":           {"user-space.sync_1", "user-space.sync_1"},
		"63 characters fit":             {strings.Repeat("a", 63), strings.Repeat("a", 63)},
		"64 are cut and hashed":         {strings.Repeat("a", 64), strings.Repeat("a", 52) + "-" + hash(strings.Repeat("a", 64))},
		"253 are cut and hashed":        {longName, strings.Repeat("a", 52) + "-" + hash(longName)},
		"the cut does not end on a dot": {strings.Repeat("a", 51) + "." + strings.Repeat("b", 30), strings.Repeat("a", 51) + "-" + hash(strings.Repeat("a", 51)+"."+strings.Repeat("b", 30))},
		"no name is the empty label":    {"", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := LabelValue(c.name)
			if got != c.want {
				t.Errorf("LabelValue(%q) = %q, want %q", c.name, got, c.want)
			}
			for _, problem := range validation.IsValidLabelValue(got) {
				t.Errorf("%q: %s", got, problem)
			}
		})
	}
}

func TestLabelValueTellsLongNamesApart(t *testing.T) {
	a, b := LabelValue(longName+"a"), LabelValue(longName+"b")
	if a == b {
		t.Errorf("two names have the label %q", a)
	}
}
