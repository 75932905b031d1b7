// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// Parts of the node and of the operator restart while a container prints.
func TestCase11LogWhileSomethingRestarts(t *testing.T) {
	restart := func(component string, flags ...string) func(*testing.T) {
		return func(t *testing.T) { localcluster(t, append([]string{"restart", component}, flags...)...) }
	}
	// The log stays below 64 KiB, including the 40 bytes that the runtime adds to each line. So the kubelet does not
	// rotate it, and all lines can be read again.
	short := steadily(1200, 20*time.Second, 10)
	// The API server takes 20 seconds to stop. The container prints for longer.
	longer := steadily(1200, 30*time.Second, 10)
	// The kubelet rotates this log several times, also while nobody reads it.
	long := steadily(1500, 30*time.Second, 400)
	for name, c := range map[string]struct {
		script  string
		lines   int
		disturb func(*testing.T)
		// excused allows an incomplete log: lines may be gone before they are read, or the runtime may lose some.
		excused bool
	}{
		"kubelet":                     {short, 1200, restart("kubelet"), false},
		"containerd":                  {short, 1200, restart("containerd"), true},
		"controller":                  {short, 1200, killController, false},
		"API server":                  {longer, 1200, restart("kube-apiserver"), false},
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
