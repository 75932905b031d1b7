// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-logr/logr"
	"github.com/google/uuid"
)

// Handler answers a request or returns an error.
type Handler func(http.ResponseWriter, *http.Request) error

// ServeHTTP writes the error of a handler, and logs errors of the facade.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := h(w, r)
	if err == nil {
		return
	}
	answer := ProblemOf(err)
	// A body that comes too slowly also ends the context, because nothing more can be read. But its client is still
	// there.
	if errors.Is(r.Context().Err(), context.Canceled) && answer.Status != http.StatusRequestTimeout {
		return // the client went away
	}
	leaveBody(w, r)
	if answer.Status >= http.StatusInternalServerError {
		logr.FromContextOrDiscard(r.Context()).Error(err, "Request failed", "status", answer.Status)
	}
	if answer.hasWords() {
		answer = answer.In(Speak(w, r))
	}
	answer.Write(w, RequestID(r.Context()))
}

// Reply sends a value as JSON.
func Reply(w http.ResponseWriter, value any) error { return ReplyWith(w, http.StatusOK, value) }

// ReplyWith sends a value as JSON with a status.
func ReplyWith(w http.ResponseWriter, status int, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	ReplyBytes(w, status, append(raw, '\n'))
	return nil
}

// ReplyBytes sends JSON.
func ReplyBytes(w http.ResponseWriter, status int, raw []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // there is no client to report an error to
}

// PathValue returns a parameter of the path. If a path has an escaped form, chi matches that (URL.RawPath), so that an
// escaped slash in a name does not become another path.
func PathValue(r *http.Request, name string) string {
	value := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return value // already unescaped
	}
	if plain, err := url.PathUnescape(value); err == nil {
		return plain
	}
	return value
}

// RequestIDKey is the key of the request id in a context.
type RequestIDKey struct{}

// RequestID returns the id of a request, or an empty string.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(RequestIDKey{}).(string)
	return id
}

// harmlessID matches the request ids that are accepted from clients. They cannot forge a log line.
var harmlessID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Identify gives each request an id and a logger with that id.
func Identify(log logr.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get("X-Request-Id")
			if !harmlessID.MatchString(id) {
				id = uuid.NewString()
			}
			w.Header().Set("X-Request-Id", id)
			ctx, log := context.WithValue(r.Context(), RequestIDKey{}, id), log.WithValues("requestID", id)
			if trace := traceIDOf(ctx); trace != "" {
				log = log.WithValues("traceID", trace)
			}
			next.ServeHTTP(w, r.WithContext(logr.NewContext(ctx, log)))
		})
	}
}

// statusClientGone is logged and counted if the client left before the answer. nginx uses the same code.
const statusClientGone = 499

// Observe logs each request and counts it by its route, because paths contain names. It does not log queries, headers
// and bodies, because they may contain secrets. Paths never do.
func Observe(metrics *Metrics, userOf func(context.Context) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			next.ServeHTTP(recorder, r)
			route, status, took := chi.RouteContext(r.Context()).RoutePattern(), recorder.Status(), time.Since(start)
			if status == 0 {
				status = http.StatusOK
				if r.Context().Err() != nil {
					status = statusClientGone
				}
			}
			if route == "" || route == "/*" {
				route = "none"
			}
			metrics.observe(r.Method, route, status, took, recorder.BytesWritten())
			nameSpan(r.Context(), r.Method, route)
			logr.FromContextOrDiscard(r.Context()).V(accessLevel(route)).Info("Request", "method", r.Method, "route", route,
				"path", r.URL.EscapedPath(), "status", status, "bytes", recorder.BytesWritten(), "duration", took, "client", r.RemoteAddr, "user", userOf(r.Context()))
		})
	}
}

// accessLevel returns the log level of a request. It keeps probes out of the normal log.
func accessLevel(route string) int {
	switch route {
	case "/healthz", "/readyz", "/metrics":
		return 1
	default:
		return 0
	}
}

// RecoverPanic turns a panic into an answer, so that the process keeps running.
func RecoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause) // net/http's own way to end a connection
			}
			logr.FromContextOrDiscard(r.Context()).Error(nil, "Handler panicked", "cause", cause, "stack", string(debug.Stack()))
			ProblemOf(errors.New("panic")).Write(w, RequestID(r.Context()))
		}()
		next.ServeHTTP(w, r)
	})
}

// Inert is the policy that keeps browsers from running, framing or embedding an answer, whatever it contains. The
// documentation page sets its own policy.
const Inert = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"

// Protect sets headers that restrict browsers, rejects cross-site requests of browsers, and bounds the body. It does
// not affect clients that are not browsers.
func Protect(maxBody int64) func(http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header := w.Header()
			header.Set("X-Content-Type-Options", "nosniff")
			header.Set("Content-Security-Policy", Inert)
			header.Set("Cross-Origin-Resource-Policy", "same-origin")
			header.Set("Referrer-Policy", "no-referrer")
			header.Set("Cache-Control", "no-store")
			if err := crossOrigin.Check(r); err != nil {
				leaveBody(w, r)
				Problemf(http.StatusForbidden, "the request was sent by a page of another site: %v", err).Write(w, RequestID(r.Context()))
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			next.ServeHTTP(w, r)
		})
	}
}

// WithTimeout bounds the work on a request with its context.
func WithTimeout(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
