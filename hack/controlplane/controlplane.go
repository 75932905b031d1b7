// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controlplane starts etcd and an API server with our CRDs for the tests of a package, and stops them.
package controlplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/hack/rights"
)

// ControlPlane is an API server that is up.
type ControlPlane struct {
	Config *rest.Config
	Scheme *runtime.Scheme
	// Kube reads and writes live, with all rights.
	Kube client.WithWatch
	// AuditLog of what the audited user did.
	AuditLog *rights.Log
}

// Run starts a control plane, hands it to the tests and runs them. user is audited. Run returns the exit code for TestMain. It is
// for packages one level below the root of the repository.
func Run(m *testing.M, user string, use func(ControlPlane)) int {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return failed("KUBEBUILDER_ASSETS is not set; run these tests by `make test-envtest`", nil)
	}
	environment := &envtest.Environment{
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: []string{filepath.Join("..", "config", "crd", "bases")}, ErrorIfPathMissing: true, MaxTime: time.Minute},
		ControlPlaneStartTimeout: 2 * time.Minute,
	}
	auditLog, stopAudit, err := rights.Audit(environment, user)
	if err != nil {
		return failed("preparing the audit log", err)
	}
	defer stopAudit()
	c := ControlPlane{Scheme: runtime.NewScheme(), AuditLog: auditLog}
	if c.Config, err = environment.Start(); err != nil {
		return failed("starting the API server", err)
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			failed("stopping the API server", err)
		}
	}()
	c.Config.QPS = -1 // no limit on the client's side
	if err := errors.Join(clientgoscheme.AddToScheme(c.Scheme), v1alpha1.AddToScheme(c.Scheme)); err != nil {
		return failed("registering kinds", err)
	}
	if c.Kube, err = client.NewWithWatch(c.Config, client.Options{Scheme: c.Scheme}); err != nil {
		return failed("making the client", err)
	}
	use(c)
	return m.Run()
}

func failed(what string, err error) int {
	if err != nil {
		what = fmt.Sprintf("%s: %v", what, err)
	}
	fmt.Fprintln(os.Stderr, what)
	return 1
}
