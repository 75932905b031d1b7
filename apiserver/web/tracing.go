// Copyright The Taskexec Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// traces propagates W3C Trace Context, regardless of OTEL_PROPAGATORS, because runs get that form too.
var traces propagation.TraceContext

// Traced starts a span for each request, as a part of the client's trace. Without a provider it does nothing. It omits
// probes and scrapes.
func Traced(provider trace.TracerProvider) func(http.Handler) http.Handler {
	if provider == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	return otelhttp.NewMiddleware("taskexec-apiserver",
		otelhttp.WithTracerProvider(provider),
		otelhttp.WithPropagators(traces),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // metrics.go has its own
		otelhttp.WithFilter(func(r *http.Request) bool { return accessLevel(r.URL.Path) == 0 }),
	)
}

// nameSpan names the span after the route, not the path, because paths contain names.
func nameSpan(ctx context.Context, method, route string) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName(method + " " + route)
	span.SetAttributes(semconv.HTTPRoute(route), attribute.String("taskexec.request_id", RequestID(ctx)))
}

// TraceparentOf returns the trace of a request in the form that a run gets: its span or, without tracing, the client's.
// It is empty if there is none, or if the client's is not valid.
func TraceparentOf(r *http.Request) string {
	ctx := r.Context()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = traces.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	carrier := propagation.MapCarrier{}
	traces.Inject(ctx, carrier)
	return carrier.Get("traceparent")
}

// traceIDOf returns the id of the trace of a request, empty if it has none.
func traceIDOf(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}
