// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
)

func TestAddressOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:1234":              "192.0.2.1",
		"[::ffff:192.0.2.1]:1234":     "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1234": "2001:db8:1:2::/64",
		"[2001:db8:1:2::9]:1":         "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":            "fe80::/64",
		"@":                           "@",
		"":                            "",
	} {
		if got := addressOf(remote); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

func TestCallersName(t *testing.T) {
	for given, want := range map[string]string{
		"":                       "",
		"ann":                    "ann",
		strings.Repeat("é", 253): strings.Repeat("é", 253),
		strings.Repeat("é", 254): strings.Repeat("é", 252) + "…",
	} {
		s := &Scope{Who: &Caller{User: &user.DefaultInfo{Name: given}}}
		if got := s.User(); got != want || s.Who.Name() != given {
			t.Errorf("%q is recorded as %q", given, got)
		}
	}
	if got := (&Scope{}).User(); got != "" {
		t.Errorf("nobody is recorded as %q", got)
	}
}
