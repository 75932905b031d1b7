// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/taskexec/taskexec/apiserver/access"
	"github.com/taskexec/taskexec/apiserver/archivedruns"
	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/console"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/session"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/bucket"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

type server struct {
	stores Stores
	// namespace is served if the path has none.
	namespace string
	// named are the namespaces that are served; none means all. No Secret is created in ownNamespace.
	named        []string
	ownNamespace string
	metrics      *web.Metrics
	logs         *logs.Reader
	// past has the archived runs, nil if there is no archive.
	past *archivedruns.Archive
	// gate identifies callers and checks their rights. If it is nil, everyone may do everything.
	gate access.Gate
	// secret is the installation's secret. If it is nil, keys are not concealed.
	secret *submit.InstallationSecret
	// codes remembers which login links were used. It is nil without a secret.
	codes session.Codes
	// cluster identifies the cluster on new executions.
	cluster *submit.Cluster
	// guard and rooms are made by handler.
	guard *access.Guard
	rooms *rooms
	// session logs browsers in. It is made by handler.
	session session.Handlers
	// recheckInterval is how often the callers of lasting answers are checked again.
	recheckInterval time.Duration
	// described returns the description of the API.
	described func() (*description, error)
	// timeout bounds one request, except lasting ones.
	timeout time.Duration
	// synced reports whether the cache is complete.
	synced atomic.Bool
	// stopping says that the facade is stopping and still answers for a while.
	stopping atomic.Bool
}

// Run serves until ctx ends, then waits for running requests. It returns an error if it could not serve.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	stores, err := kube.New(ctx, config, o.watched()...)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.BindAddress)
	if err != nil {
		return fmt.Errorf("listening on %s (--bind-address): %w", o.BindAddress, err)
	}
	cluster := submit.NewCluster(o.ClusterID)
	logs, archived, err := openLogs(ctx, config, o, cluster.ID)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s := &server{stores: inKubernetes{stores}, namespace: o.Namespace, metrics: web.NewMetrics(), logs: logs, past: archived, cluster: cluster, timeout: o.RequestTimeout, recheckInterval: o.RecheckInterval}
	s.metrics.Register(o.Metrics...)
	s.ownNamespace = o.OwnNamespace
	if s.gate, err = openGate(config, o); err != nil {
		return errors.Join(err, listener.Close())
	}

	// The cache outlives ctx, because running requests still read from it.
	cacheCtx, stopCache := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCache()
	group, ctx := errgroup.WithContext(ctx)
	secretTried, err := s.openSecret(ctx, group, config, o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := s.openCluster(ctx, group, config, o); err != nil {
		return errors.Join(err, listener.Close())
	}
	group.Go(func() error {
		if err := stores.Run(cacheCtx); err != nil {
			return fmt.Errorf("watching the cluster: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-secretTried
		if stores.Synced(ctx) {
			s.synced.Store(true)
			o.Log.Info("Ready", "namespace", o.Namespace, "otherNamespaces", o.OtherNamespaces, "allNamespaces", o.AllNamespaces, "address", listener.Addr().String())
		}
		return nil
	})
	group.Go(func() error {
		defer stopCache()
		return s.serve(ctx, listener, o)
	})
	return group.Wait()
}

// openSecret starts to read the installation's secret, if there is one. tried is closed after the first attempt. The
// facade becomes ready only then.
func (s *server) openSecret(ctx context.Context, group *errgroup.Group, config *rest.Config, o Options) (tried <-chan struct{}, err error) {
	first := make(chan struct{})
	if o.IdempotencySecret == "" {
		close(first)
		return first, nil
	}
	namespace, name, _ := strings.Cut(o.IdempotencySecret, "/")
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client that reads the Secret %s: %w", o.IdempotencySecret, err)
	}
	s.secret = &submit.InstallationSecret{Namespace: namespace, Name: name}
	s.codes = session.InSecret{Client: client, Namespace: namespace, Name: name}
	group.Go(func() error {
		s.secret.KeepTrying(ctx, client, o.Log, func() { close(first) })
		return nil
	})
	return first, nil
}

// openLogs opens the sources of logs, and the archived runs if there is an archive. cluster returns the identity of the cluster, empty
// until it is known.
func openLogs(ctx context.Context, config *rest.Config, o Options, cluster func() string) (*logs.Reader, *archivedruns.Archive, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("creating the client that reads logs: %w", err)
	}
	if o.ArchiveURL == "" {
		return logs.NewReader(nil, source.NewKube(clientset), o.MaxLogReaders), nil, nil
	}
	opened, err := bucket.Open(ctx, o.ArchiveURL)
	if err != nil {
		return nil, nil, err
	}
	archives := archive.NewReader(opened)
	go bucket.KeepChecking(ctx, archives.CheckReading, func(err error) {
		if err != nil {
			o.Log.Error(err, "The archive cannot be read. Logs are served from pods and from the part that runs keep, and archived runs not at all")
			return
		}
		o.Log.Info("The archive can be read")
	})
	archived := archivedruns.New(bucket.New(opened, o.Log), cluster, o.ArchiveCacheBytes)
	return logs.NewReader(archives, source.NewKube(clientset), o.MaxLogReaders), archived, nil
}

// openGate returns the gate that identifies callers, nil for AuthNone.
func openGate(config *rest.Config, o Options) (access.Gate, error) {
	switch {
	case o.Auth == AuthKubernetes:
		return auth.New(config, o.TokenAudiences)
	case o.Auth == AuthNone && (web.IsLoopback(o.BindAddress) || o.AllowUnauthenticated):
		o.Log.Info("Everyone who can reach the API can do everything (--auth=none)", "address", o.BindAddress)
		return nil, nil
	default:
		return nil, fmt.Errorf("--auth=%s is not possible with --bind-address=%s", o.Auth, o.BindAddress)
	}
}

// serve answers on the listener until ctx ends.
func (s *server) serve(ctx context.Context, listener net.Listener, o Options) error {
	httpServer := s.httpServer(o)
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	close(s.logs.Stopping)
	o.Log.Info("Stopping", "delay", o.ShutdownDelay, "timeout", o.ShutdownTimeout)
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-time.After(o.ShutdownDelay):
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.ShutdownTimeout)
	defer cancel()
	if err := httpServer.Shutdown(stopCtx); err != nil {
		return errors.Join(fmt.Errorf("requests were still under way after %s: %w", o.ShutdownTimeout, err), httpServer.Close())
	}
	return nil
}

// httpServer returns a server with limits against slow and hostile clients.
func (s *server) httpServer(o Options) *http.Server {
	return &http.Server{
		Handler:           console.Beside(s.handler(o)),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       o.RequestTimeout,
		WriteTimeout:      o.RequestTimeout + 5*time.Second, // more than the request's, to send the timeout answer
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// handler returns the API with its middleware.
func (s *server) handler(o Options) http.Handler {
	router := chi.NewRouter()
	router.Use(web.Traced(o.Tracing), access.ExpectCaller, web.Identify(o.Log), web.Observe(s.metrics, access.UserOf), web.RecoverPanic, web.Protect(o.MaxBodyBytes))
	if s.gate == nil && o.Auth == AuthNone && !o.AllowUnauthenticated {
		router.Use(web.OnlyLocalNames)
	}
	s.furnish(o)
	router.Use(s.guard.Authenticate(o.TokenAudiences, o.MaxFailures, s.openPaths()), s.guard.RateLimit(o.MaxReads, o.MaxWrites), middleware.GetHead)
	router.NotFound(web.Handler(func(_ http.ResponseWriter, r *http.Request) error {
		return web.Problemf(http.StatusNotFound, "there is nothing at %s", r.URL.EscapedPath())
	}).ServeHTTP)
	router.MethodNotAllowed(web.Handler(func(w http.ResponseWriter, r *http.Request) error {
		allowed := strings.Join(methodsOf(router, r.URL.EscapedPath()), ", ")
		w.Header().Set("Allow", allowed)
		return web.Problemf(http.StatusMethodNotAllowed, "%s is not allowed at %s, only %s", r.Method, r.URL.EscapedPath(), allowed)
	}).ServeHTTP)
	s.mount(router, o)
	return router
}

// methodsOf returns the methods of a path.
func methodsOf(router chi.Routes, path string) (methods []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPost, http.MethodPut} {
		if !router.Match(chi.NewRouteContext(), method, path) {
			continue
		}
		methods = append(methods, method)
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	return methods
}
