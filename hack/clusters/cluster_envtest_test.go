// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package clusters

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/taskexec/taskexec/api/v1alpha1"
	"github.com/taskexec/taskexec/apiserver"
	"github.com/taskexec/taskexec/controllers"
)

// patience is how long a condition may take to come true on a busy machine.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		_, _ = io.WriteString(os.Stderr, "KUBEBUILDER_ASSETS is not set; run these tests by `make test-envtest`\n")
		os.Exit(1)
	}
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	os.Exit(m.Run())
}

// cluster is an API server with etcd, and the programs that work on it.
type cluster struct {
	t      *testing.T
	name   string
	config *rest.Config
	scheme *runtime.Scheme
	// kube reads and writes without a cache.
	kube client.WithWatch
	// etcd is the address of etcd, and dataDir its folder.
	etcd, dataDir string
	// uid is that of the namespace kube-system; identity is under which it writes to the bucket.
	uid, identity string
	// controllerDoor and facadeDoor are the ways to the bucket.
	controllerDoor, facadeDoor *door
	// changes are the options of the controller that differ between clusters.
	changes func(*controllers.Options)
	spool   string
	log     logr.Logger

	stopController func() error
	// stops end everything else, each at most once.
	stops []func()
	// registry has the metrics of the controller.
	registry atomic.Pointer[prometheus.Registry]
	// facade is the address of the facade.
	facade string
}

// atLast adds what is to be done when the cluster is stopped or the test ends.
func (c *cluster) atLast(do func()) {
	do = sync.OnceFunc(do)
	c.stops = append(c.stops, do)
	c.t.Cleanup(do)
}

// stop stops all programs of the cluster, and its API server and etcd, which leaves nothing of it.
func (c *cluster) stop() {
	c.t.Helper()
	if err := c.stopController(); err != nil {
		c.t.Errorf("the controller of %s ended with %v", c.name, err)
	}
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
	c.stops = nil
}

// newCluster starts etcd and an API server, with the namespaces. identity is empty for the cluster's own.
func newCluster(t *testing.T, s *store, name, identity string, changes func(*controllers.Options)) *cluster {
	t.Helper()
	c := &cluster{t: t, name: name, scheme: runtime.NewScheme(), controllerDoor: s.door(t), facadeDoor: s.door(t), changes: changes, spool: t.TempDir(), log: logTo(t, name)}
	if err := errors.Join(clientgoscheme.AddToScheme(c.scheme), v1alpha1.AddToScheme(c.scheme)); err != nil {
		t.Fatal(err)
	}
	c.startAPI(t.TempDir())
	system := &corev1.Namespace{}
	c.eventually("it has a namespace kube-system", func() bool {
		return c.kube.Get(t.Context(), client.ObjectKey{Name: metav1.NamespaceSystem}, system) == nil
	})
	c.uid, c.identity = string(system.UID), identity
	if identity == "" {
		c.identity = c.uid
	}
	for _, name := range namespaces {
		if err := c.kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// startAPI starts etcd on a data directory, and an API server.
func (c *cluster) startAPI(dataDir string) {
	c.t.Helper()
	environment := &envtest.Environment{
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: []string{filepath.Join("..", "..", "config", "crd", "bases")}, ErrorIfPathMissing: true, MaxTime: time.Minute},
		ControlPlaneStartTimeout: 2 * time.Minute,
	}
	environment.ControlPlane.Etcd = &envtest.Etcd{DataDir: dataDir}
	var err error
	if c.config, err = environment.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.atLast(func() {
		if err := environment.Stop(); err != nil {
			c.t.Errorf("stopping the API server of %s: %v", c.name, err)
		}
	})
	c.etcd, c.dataDir = environment.ControlPlane.Etcd.URL.String(), dataDir
	c.config.QPS = -1 // no limit in the client
	if c.kube, err = client.NewWithWatch(c.config, client.Options{Scheme: c.scheme}); err != nil {
		c.t.Fatal(err)
	}
}

// startController starts the controller. It runs until stopController is called or the test ends.
func (c *cluster) startController() {
	c.t.Helper()
	caches, err := controllers.CacheOptions()
	if err != nil {
		c.t.Fatal(err)
	}
	mgr, err := ctrl.NewManager(c.config, ctrl.Options{
		Scheme: c.scheme, Cache: caches, Logger: c.log,
		Metrics: metricsserver.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller:     config.Controller{SkipNameValidation: ptr.To(true)},
		MapperProvider: func(*rest.Config, *http.Client) (apimeta.RESTMapper, error) { return c.kube.RESTMapper(), nil },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	o := controllers.DefaultOptions()
	registry := prometheus.NewRegistry()
	c.registry.Store(registry)
	o.Registry = registry
	o.KeepJob, o.KeepRun, o.HistoryPace = 2*time.Second, 5*time.Second, time.Second
	o.ClusterID = c.identity
	o.Archive.URL, o.Archive.SpoolDir = c.controllerDoor.url, c.spool
	o.Archive.PartAge, o.Archive.PartBytes, o.Archive.Flush = 500*time.Millisecond, 1<<10, time.Second
	c.changes(&o)
	if err := controllers.Setup(mgr, o); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	c.stopController = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	stop := c.stopController
	c.t.Cleanup(func() { _ = stop() }) // whoever stops it before reads its error
}

// restartController restarts the controller. A crash lets it write nothing more to the bucket, as when its process is killed.
func (c *cluster) restartController(crash bool) {
	c.t.Helper()
	if crash {
		c.controllerDoor.status.Store(http.StatusForbidden)
	}
	err := c.stopController()
	if err != nil && !crash {
		c.t.Errorf("the controller of %s ended with %v", c.name, err)
	}
	c.controllerDoor.status.Store(0)
	c.startController()
}

// startFacade starts the facade and waits until it is ready. It runs until the test ends.
func (c *cluster) startFacade() {
	c.t.Helper()
	ready := make(chan string, 1)
	o := apiserver.DefaultOptions()
	o.BindAddress, o.Auth, o.AllNamespaces = "127.0.0.1:0", apiserver.AuthNone, true
	o.ShutdownDelay, o.MaxReads, o.MaxWrites = 0, 0, 0
	o.ArchiveURL, o.ClusterID = c.facadeDoor.url, c.identity
	o.Log = funcr.New(func(_, args string) {
		if _, after, found := strings.Cut(args, `"address"="`); found && strings.Contains(args, `"msg"="Ready"`) {
			address, _, _ := strings.Cut(after, `"`)
			ready <- "http://" + address
		}
		c.log.V(1).Info("facade: " + args)
	}, funcr.Options{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- apiserver.Run(ctx, c.config, o) }()
	c.atLast(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("the facade of %s ended with %v", c.name, err)
		}
	})
	select {
	case c.facade = <-ready:
	case <-time.After(patience):
		c.t.Fatalf("the facade of %s is not ready", c.name)
	}
}

// eventually waits until a condition holds.
func (c *cluster) eventually(what string, holds func() bool) {
	c.t.Helper()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-deadline:
			c.t.Fatalf("cluster %s: within %s it did not come true that %s", c.name, patience, what)
		case <-ticker.C:
		}
	}
}

// logTo returns a log of the programs of a cluster, in a file of the folder of -logs, or one that discards.
func logTo(t *testing.T, name string) logr.Logger {
	t.Helper()
	if *logFolder == "" {
		return logr.Discard()
	}
	file, err := os.Create(filepath.Join(*logFolder, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return zap.New(zap.WriteTo(file), zap.UseDevMode(true))
}
