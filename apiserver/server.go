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
	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
)

// Options of the facade.
type Options struct {
	// BindAddress to listen on, such as :8080.
	BindAddress string
	// Namespace that is served, one.
	Namespace string
	// MaxBodyBytes of a request.
	MaxBodyBytes int64
	// RequestTimeout bounds the work on one request.
	RequestTimeout time.Duration
	// ShutdownTimeout is for requests under way when the facade is told to stop.
	ShutdownTimeout time.Duration
	// ShutdownDelay is how long the facade goes on serving after it said that it is not ready, so that load
	// balancers have noticed before it closes its port.
	ShutdownDelay time.Duration
	Log           logr.Logger
}

// DefaultOptions are what the flags of cmd/apiserver begin with.
func DefaultOptions() Options {
	return Options{
		BindAddress:     ":8080",
		Namespace:       "default",
		MaxBodyBytes:    1 << 20,
		RequestTimeout:  30 * time.Second,
		ShutdownTimeout: 15 * time.Second,
		ShutdownDelay:   3 * time.Second,
		Log:             logr.Discard(),
	}
}

type server struct {
	store   Store
	metrics *requestMetrics
	// synced: the cache shows the cluster.
	synced atomic.Bool
	// stopping: the facade was told to stop, and still answers for a while.
	stopping atomic.Bool
}

// Run serves until ctx ends, then lets requests under way end. It returns an error when it could not serve.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	store, err := newKubeStore(ctx, config, o.Namespace)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.BindAddress)
	if err != nil {
		return fmt.Errorf("listening on %s (--bind-address): %w", o.BindAddress, err)
	}
	s := &server{store: store, metrics: newRequestMetrics()}

	// The cache outlives ctx: requests under way still read from it.
	cacheCtx, stopCache := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCache()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := store.Run(cacheCtx); err != nil {
			return fmt.Errorf("watching the cluster: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		if store.Synced(ctx) {
			s.synced.Store(true)
			o.Log.Info("Ready", "namespace", o.Namespace, "address", listener.Addr().String())
		}
		return nil
	})
	group.Go(func() error {
		defer stopCache()
		return s.serve(ctx, listener, o)
	})
	return group.Wait()
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
	router.Use(identify(o.Log), s.observe, recoverPanic, protect(o.MaxBodyBytes), withTimeout(o.RequestTimeout), middleware.GetHead)
	router.NotFound(handler(func(_ http.ResponseWriter, r *http.Request) error {
		return problemf(http.StatusNotFound, "there is nothing at %s", r.URL.EscapedPath())
	}).ServeHTTP)
	router.MethodNotAllowed(handler(func(w http.ResponseWriter, r *http.Request) error {
		allowed := strings.Join(methodsOf(router, r.URL.EscapedPath()), ", ")
		w.Header().Set("Allow", allowed)
		return problemf(http.StatusMethodNotAllowed, "%s is not possible at %s, only %s", r.Method, r.URL.EscapedPath(), allowed)
	}).ServeHTTP)
	s.routes(router)
	return router
}

// methodsOf gives the methods that a path has.
func methodsOf(router chi.Routes, path string) (methods []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPost} {
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

// withTimeout bounds the work on a request by its context.
func withTimeout(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// healthz tells that the process answers.
func (s *server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return reply(w, map[string]string{"status": "ok"})
}

// readyz tells whether requests should be sent here.
func (s *server) readyz(w http.ResponseWriter, _ *http.Request) error {
	switch {
	case s.stopping.Load():
		return unavailable("the facade is stopping")
	case !s.synced.Load():
		return unavailable("the facade does not see the cluster yet")
	}
	return reply(w, map[string]string{"status": "ready"})
}
