// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"
)

func TestFaultOf(t *testing.T) {
	o := &options{rate: 3, duration: time.Second}
	for name, c := range map[string]struct{ log, says string }{
		"whole":         {"0000000 xx\n0000001 xx\n0000002 xx\n", ""},
		"began late":    {"late by 2 s\n0000000 xx\n0000001 xx\n0000002 xx\n", ""},
		"one repeated":  {"0000000 xx\n0000000 xx\n0000001 xx\n0000002 xx\n", "line 1 should be"},
		"one missing":   {"0000000 xx\n0000002 xx\n", "line 1 should be"},
		"the last gone": {"0000000 xx\n0000001 xx\n", "2 lines of 3"},
		"another line":  {"0000000 xx\nsh: no such file\n", "no such file"},
		"empty":         {"", "0 lines of 3"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := o.faultOf(c.log); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
				t.Errorf("got %q, want %q", got, c.says)
			}
		})
	}
}
