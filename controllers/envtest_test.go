// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package controllers_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/taskexec/taskexec/controllers"
	"github.com/taskexec/taskexec/controllers/logs/source"
	"github.com/taskexec/taskexec/hack/controlplane"
)

// patience covers a real API server on a busy machine, and client-go, which may wait a minute between two attempts to
// watch (a backoff of up to 30 s plus as much jitter).
const patience = 90 * time.Second

var (
	apiServer *rest.Config
	scheme    *runtime.Scheme
	// kube reads and writes without a cache.
	kube client.WithWatch
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	os.Exit(controlplane.Run(m, controllerUser, func(c controlplane.ControlPlane) {
		apiServer, scheme, kube, audited = c.Config, c.Scheme, c.Kube, c.AuditLog
	}))
}

// operator runs the controllers until stop is called or the test ends. It can be called again after stop.
func operator(t *testing.T, changes ...func(*controllers.Options)) (stop func()) {
	t.Helper()
	return operation{config: apiServer, changes: changes}.runs(t)
}

// operatorIn is like operator, but for one namespace only. A test that uses no other operator may call t.Parallel.
func operatorIn(t *testing.T, namespace string) (stop func()) {
	t.Helper()
	return operation{config: apiServer, namespace: namespace}.runs(t)
}

// operation is the configuration of an operator.
type operation struct {
	config *rest.Config
	// namespace is the only namespace to watch, empty for all; namespaces are further ones.
	namespace  string
	namespaces []string
	// wrap replaces the manager that the controllers see. Nil replaces nothing.
	wrap func(ctrl.Manager) ctrl.Manager
	// log receives the operator's logs. The zero value discards them.
	log     logr.Logger
	changes []func(*controllers.Options)
}

// runs the operator until stop is called or the test ends.
func (o operation) runs(t *testing.T) (stop func()) {
	t.Helper()
	ended, err := o.start()
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := ended(); err != nil {
			t.Errorf("the operator ended: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// start starts the operator. It runs until stop is called, which returns its error.
func (o operation) start() (stop func() error, err error) {
	namespaces := o.namespaces
	if o.namespace != "" {
		namespaces = append(namespaces, o.namespace)
	}
	caches, err := controllers.CacheOptions(namespaces...)
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(o.config, ctrl.Options{
		Scheme:                 scheme,
		Cache:                  caches,
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
		Logger:                 o.log,
		Controller:             config.Controller{SkipNameValidation: ptr.To(true)},
		MapperProvider:         func(*rest.Config, *http.Client) (apimeta.RESTMapper, error) { return kube.RESTMapper(), nil },
	})
	if err != nil {
		return nil, err
	}
	options := controllers.DefaultOptions()
	options.Namespaces = namespaces
	options.SystemNamespace = cmp.Or(o.namespace, metav1.NamespaceDefault)
	options.Registry = prometheus.NewRegistry()
	options.LogSource = printedLogs{}
	options.LogPatience = 2 * time.Second
	for _, change := range o.changes {
		change(&options)
	}
	wrapped := mgr
	if o.wrap != nil {
		wrapped = o.wrap(mgr)
	}
	if err := controllers.Setup(wrapped, options); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	return func() error {
		cancel()
		return <-done
	}, nil
}

// printedLogs returns the same short log for each container. envtest has no kubelet; the end-to-end tests read real
// logs.
type printedLogs struct{}

func (printedLogs) Open(_ context.Context, r source.Request) (io.ReadCloser, error) {
	line := fmt.Sprintf("%s line of %s\n", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Format(time.RFC3339Nano), r.Container)
	return io.NopCloser(strings.NewReader(line)), nil
}
