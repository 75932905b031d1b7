// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// Parts of the node and of the operator go away while a container prints, and come back.
func TestCase11LogWhileSomethingRestarts(t *testing.T) {
	restart := func(component string, flags ...string) func(*testing.T) {
		return func(t *testing.T) { localcluster(t, append([]string{"restart", component}, flags...)...) }
	}
	// Together less than 64 KiB with the runtime's 40 bytes for each, so that the kubelet rotates nothing and
	// all can be read again.
	short := steadily(1200, 30*time.Second, 10)
	// Rotated several times, also while nobody reads.
	long := steadily(1500, 30*time.Second, 400)
	for name, c := range map[string]struct {
		script  string
		lines   int
		disturb func(*testing.T)
		// excused: lines may be gone before they could be read, or the runtime lost some of its own.
		excused bool
	}{
		"kubelet":                     {short, 1200, restart("kubelet"), false},
		"containerd":                  {short, 1200, restart("containerd"), true},
		"controller":                  {short, 1200, killController, false},
		"API server":                  {short, 1200, restart("kube-apiserver"), false},
		"API server that crashes":     {short, 1200, restart("kube-apiserver", "--kill"), false},
		"controller, and logs rotate": {long, 1500, killController, true},
	} {
		t.Run(name, func(t *testing.T) {
			localclusterProgram(t)
			if c.excused {
				rotatingEarly(t)
			}
			id := execute(t, given(t, taskOf(c.script)), nil)
			printing(t, id, 200)
			c.disturb(t)
			settled(t)
			got, complete := wholeOrSaid(t, id, c.lines)
			nothingMadeUp(t, got, complete)
			if !complete && !c.excused {
				t.Error("all lines could be read again, so that nothing excuses a log that is not whole")
			}
		})
	}
}
