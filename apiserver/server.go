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
	"github.com/taskexec/taskexec/apiserver/auth"
	"github.com/taskexec/taskexec/apiserver/kube"
	"github.com/taskexec/taskexec/apiserver/logs"
	"github.com/taskexec/taskexec/apiserver/submit"
	"github.com/taskexec/taskexec/apiserver/web"
	"github.com/taskexec/taskexec/controllers/logs/archive"
	"github.com/taskexec/taskexec/controllers/logs/source"
)

type server struct {
	stores Stores
	// namespace that is served where the path names none.
	namespace string
	// named are all namespaces that are served; none means each. No Secret is made in ownNamespace.
	named        []string
	ownNamespace string
	metrics      *web.Metrics
	logs         *logs.Reader
	// gate knows callers and what they may do; nil lets everyone do everything.
	gate access.Gate
	// secret of the installation; nil conceals nothing.
	secret *submit.InstallationSecret
	// guard and rooms are made by handler.
	guard *access.Guard
	rooms *rooms
	// recheckInterval of answers that last.
	recheckInterval time.Duration
	// described is the API, for who writes a client.
	described func() (*description, error)
	// timeout of one request that is not to last.
	timeout time.Duration
	// synced: the cache shows the cluster.
	synced atomic.Bool
	// stopping: the facade was told to stop, and still answers for a while.
	stopping atomic.Bool
}

// Run serves until ctx ends, then lets requests under way end. It returns an error when it could not serve.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	stores, err := kube.New(ctx, config, o.watched()...)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.BindAddress)
	if err != nil {
		return fmt.Errorf("listening on %s (--bind-address): %w", o.BindAddress, err)
	}
	logs, err := openLogs(ctx, config, o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	s := &server{stores: inKubernetes{stores}, namespace: o.Namespace, metrics: web.NewMetrics(), logs: logs, timeout: o.RequestTimeout, recheckInterval: o.RecheckInterval}
	s.metrics.Register(o.Metrics...)
	s.ownNamespace = o.OwnNamespace
	if s.gate, err = openGate(config, o); err != nil {
		return errors.Join(err, listener.Close())
	}

	// The cache outlives ctx: requests under way still read from it.
	cacheCtx, stopCache := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCache()
	group, ctx := errgroup.WithContext(ctx)
	secretTried, err := s.openSecret(ctx, group, config, o)
	if err != nil {
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

// openSecret begins to read the installation's secret, where there is one. tried is closed when that was tried once, so
// that the facade is ready when it can take every request.
func (s *server) openSecret(ctx context.Context, group *errgroup.Group, config *rest.Config, o Options) (tried <-chan struct{}, err error) {
	first := make(chan struct{})
	if o.IdempotencySecret == "" {
		close(first)
		return first, nil
	}
	namespace, name, _ := strings.Cut(o.IdempotencySecret, "/")
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client that reads the Secret %s: %w", o.IdempotencySecret, err)
	}
	s.secret = &submit.InstallationSecret{Namespace: namespace, Name: name}
	group.Go(func() error {
		s.secret.KeepTrying(ctx, client, o.Log, func() { close(first) })
		return nil
	})
	return first, nil
}

// openLogs opens what logs are read from.
func openLogs(ctx context.Context, config *rest.Config, o Options) (*logs.Reader, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client that reads logs: %w", err)
	}
	if o.ArchiveURL == "" {
		return logs.NewReader(nil, source.NewKube(clientset), o.MaxLogReaders), nil
	}
	bucket, err := archive.Open(ctx, o.ArchiveURL)
	if err != nil {
		return nil, err
	}
	archives := archive.NewReader(bucket)
	go archive.KeepChecking(ctx, archives.CheckReading, func(err error) {
		if err != nil {
			o.Log.Error(err, "The archive's store failed its check. Logs are served from pods, and from the part that is kept on runs")
			return
		}
		o.Log.Info("The archive's store can be read")
	})
	return logs.NewReader(archives, source.NewKube(clientset), o.MaxLogReaders), nil
}

// openGate opens what callers are known by; nil for AuthNone.
func openGate(config *rest.Config, o Options) (access.Gate, error) {
	switch {
	case o.Auth == AuthKubernetes:
		return auth.New(config, o.TokenAudiences)
	case o.Auth == AuthNone && (web.IsLoopback(o.BindAddress) || o.AllowUnauthenticated):
		o.Log.Info("Everyone who reaches the API may do everything (--auth=none)", "address", o.BindAddress)
		return nil, nil
	default:
		return nil, fmt.Errorf("--auth=%s is not possible at --bind-address=%s", o.Auth, o.BindAddress)
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

// httpServer bounds what a slow or hostile client can hold.
func (s *server) httpServer(o Options) *http.Server {
	return &http.Server{
		Handler:           s.handler(o),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       o.RequestTimeout,
		WriteTimeout:      o.RequestTimeout + 5*time.Second, // time to say that the time is up
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// handler is the API with all that stands around it.
func (s *server) handler(o Options) http.Handler {
	router := chi.NewRouter()
	router.Use(web.Traced(o.Tracing), access.ExpectCaller, web.Identify(o.Log), web.Observe(s.metrics, access.UserOf), web.RecoverPanic, web.Protect(o.MaxBodyBytes))
	if s.gate == nil && o.Auth == AuthNone && !o.AllowUnauthenticated {
		router.Use(web.OnlyLocalNames)
	}
	s.furnish(o)
	router.Use(s.guard.Authenticate(o.TokenAudiences, o.MaxFailures, s.openPaths()), s.guard.Ration(o.MaxReads, o.MaxWrites), middleware.GetHead)
	router.NotFound(web.Handler(func(_ http.ResponseWriter, r *http.Request) error {
		return web.Problemf(http.StatusNotFound, "there is nothing at %s", r.URL.EscapedPath())
	}).ServeHTTP)
	router.MethodNotAllowed(web.Handler(func(w http.ResponseWriter, r *http.Request) error {
		allowed := strings.Join(methodsOf(router, r.URL.EscapedPath()), ", ")
		w.Header().Set("Allow", allowed)
		return web.Problemf(http.StatusMethodNotAllowed, "%s is not possible at %s, only %s", r.Method, r.URL.EscapedPath(), allowed)
	}).ServeHTTP)
	s.mount(router, o)
	return router
}

// methodsOf gives the methods that a path has.
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

// healthz tells that the process answers.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return web.Reply(w, map[string]string{"status": "ok"})
}

// readyz tells whether requests should be sent here.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) error {
	switch {
	case s.stopping.Load():
		return web.Unavailable("the facade is stopping")
	case !s.synced.Load():
		return web.Unavailable("the facade does not see the cluster yet")
	}
	return web.Reply(w, map[string]string{"status": "ready"})
}
