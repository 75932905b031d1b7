// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"os"
	"os/exec"
	"testing"
)

// The tests of the console's sources pass. They need the packages that `make console` installs.
func TestWeb(t *testing.T) {
	if _, err := os.Stat("web/node_modules/.package-lock.json"); err != nil {
		t.Skip("the console's packages are not installed: make console")
	}
	test := exec.CommandContext(t.Context(), "npm", "test", "--silent")
	test.Dir = "web"
	if out, err := test.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
