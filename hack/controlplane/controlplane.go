// Package controlplane starts etcd and an API server for the tests of a package.
package controlplane

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/taskexec/taskexec/hack/rights"
)

// Main starts an API server with the CRDs of a folder, calls ready, runs the tests, and returns the exit code of the test program.
// The programs come from KUBEBUILDER_ASSETS. ready gets the configuration of an administrator and the audit log of a user.
func Main(m *testing.M, crds, user string, ready func(*rest.Config, *rights.Log) error) int {
	code, err := run(m, crds, user, ready)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func run(m *testing.M, crds, user string, ready func(*rest.Config, *rights.Log) error) (code int, err error) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return 1, errors.New("KUBEBUILDER_ASSETS is not set; run these tests by `make test-envtest`")
	}
	environment := &envtest.Environment{
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: []string{crds}, ErrorIfPathMissing: true, MaxTime: time.Minute},
		ControlPlaneStartTimeout: 2 * time.Minute,
	}
	audited, stopAudit, err := rights.Audit(environment, user)
	if err != nil {
		return 1, fmt.Errorf("preparing the audit log: %w", err)
	}
	defer stopAudit()
	config, err := environment.Start()
	if err != nil {
		return 1, fmt.Errorf("starting the API server: %w", err)
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	if err := ready(config, audited); err != nil {
		return 1, fmt.Errorf("connecting to the API server: %w", err)
	}
	return m.Run(), nil
}
