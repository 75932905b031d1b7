// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controlplane runs etcd and an API server with our CRDs during the tests of a package.
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

// ControlPlane is a running API server.
type ControlPlane struct {
	Config *rest.Config
	Scheme *runtime.Scheme
	// Kube reads and writes without a cache and has all rights.
	Kube client.WithWatch
	// AuditLog has what the audited user did.
	AuditLog *rights.Log
}

// Run starts a control plane, passes it to use and runs the tests. user is the audited user. Run returns the exit
// code for TestMain. It works in packages one level below the root of the repository.
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
	c.Config.QPS = -1 // no limit in the client
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
