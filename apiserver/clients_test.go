// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build clients

package apiserver

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/taskexec/taskexec/apiserver/fixture"
)

// cannotRun is the exit code of hack/clients.sh if the machine lacks a tool that a generator needs.
const cannotRun = 77

// The generated clients compile. The handlers answer each of their calls as the description says.
func TestCase41GeneratedClients(t *testing.T) {
	for _, generator := range []string{"ogen", "oapi-codegen", "openapi-typescript"} {
		t.Run(generator, func(t *testing.T) {
			api := facade(newFakeStore(fixture.WithContainer(fixture.Task("sync", midSchema))))
			listener := httptest.NewServer(checked(t, api))
			t.Cleanup(listener.Close)
			document := filepath.Join(t.TempDir(), "openapi.json")
			if err := os.WriteFile(document, call(t, api, "GET", "/openapi.json", "").Body.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), "../hack/clients.sh", generator, document, listener.URL).CombinedOutput()
			var ended *exec.ExitError
			if errors.As(err, &ended) && ended.ExitCode() == cannotRun {
				t.Skipf("%s", out)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
